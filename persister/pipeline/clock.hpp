// The clock of the pipeline.
#pragma once

#include "common/base/clock.hpp"
