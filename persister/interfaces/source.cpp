#include "persister/interfaces/source.hpp"

namespace chat::persister {

std::string_view name(DeadLetterCause cause) {
  switch (cause) {
    case DeadLetterCause::undecodable:
      return "undecodable";
    case DeadLetterCause::refused:
      return "refused";
    case DeadLetterCause::id_reused:
      return "id_reused";
  }
  return "undecodable";
}

}  // namespace chat::persister
