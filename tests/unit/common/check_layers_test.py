"""tests/check_layers names each kind of breach, and nothing else."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).resolve().parents[2] / "check_layers"


def check(path, text):
    """The checker's exit code and complaints over a tree of this one file."""
    with tempfile.TemporaryDirectory() as root:
        file = pathlib.Path(root, path)
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True, check=False, timeout=30)
        return done.returncode, done.stderr


class CheckLayers(unittest.TestCase):
    def test_refuses(self):
        for path, text, complaint in (
            ("common/base/a.hpp", '#include "gateway/connection/frame.hpp"', "must not include gateway/connection/frame.hpp"),
            ("common/base/a.hpp", '#include "common/log/log.hpp"', "must not include common/log/log.hpp"),
            ("common/base/a.cpp", '#include "tests/support/x.hpp"', "must not include tests/support/x.hpp"),
            ("persister/app/a.cpp", '#include "gateway/connection/frame.hpp"', "must not include gateway"),
            ("gateway/app/a.cpp", '#include "persister/interfaces/source.hpp"', "must not include persister"),
            ("gateway/ws/a.cpp", '#include "gateway/chat/room.hpp"', "must not include gateway/chat"),
            ("gateway/bus/a.cpp", '#include "gateway/journal/journal.hpp"', "must not include gateway/journal"),
            ("gateway/chat/a.cpp", '#include "gateway/connection/connection.hpp"', "without sockets and clients"),
            ("gateway/engineio/engine_session.cpp", '#include "gateway/http/server.hpp"', "without sockets and clients"),
            ("gateway/engineio/endpoint.cpp", '#include "gateway/socketio/chat_socket.hpp"', "must not include gateway/socketio"),
            ("common/base/a.hpp", '#include "common/base/a.hpp"', "in a circle: common/base/a.hpp -> common/base/a.hpp"),
            ("gateway/bus/a.cpp", "#include <hiredis/async.h>", "hiredis belongs to common/redis"),
            ("common/redis/a.cpp", "  #  include <librdkafka/rdkafkacpp.h>", "librdkafka belongs"),
            ("persister/store/a.cpp", "#include <pqxx/pqxx>", "libpqxx belongs"),
            ("persister/store/a.cpp", "#include <pqxx>", "libpqxx belongs"),
            ("gateway/chat/a.cpp", "#include <boost/asio/io_context.hpp>", "without sockets"),
            ("gateway/chat/a.cpp", '#include "gateway/bus/redis_bus.hpp"', "without sockets"),
            ("gateway/app/a.cpp", 'auto x = std::getenv("X");', "the environment"),
            ("gateway/app/a.cpp", "extern char** environ;", "the environment"),
            ("gateway/nowhere/a.cpp", "", "has no rule"),
        ):
            with self.subTest(path=path, text=text):
                code, complaints = check(path, text)
                self.assertEqual(code, 1)
                self.assertIn(complaint, complaints)

    def test_allows(self):
        for path, text in (
            ("gateway/chat/a.cpp", '#include "gateway/connection/frame.hpp"'),
            ("gateway/fanout/a.cpp", '#include "gateway/chat/room.hpp"\n#include "gateway/bus/bus.hpp"'),
            ("gateway/engineio/endpoint.cpp", '#include "gateway/http/server.hpp"'),
            ("gateway/chat/a.cpp", '#include "gateway/bus/room_store.hpp"\n#include <vector>'),
            ("common/redis/a.cpp", "#include <hiredis/async.h>\n#include <boost/asio/post.hpp>"),
            ("common/config/a.cpp", "char** e = environ;"),
            ("common/base/a.cpp", "// getenv() is for common/config; the environ too"),
            ("common/base/a.cpp", "int environment = 0;"),
        ):
            with self.subTest(path=path, text=text):
                self.assertEqual(check(path, text), (0, ""))

    def test_an_empty_tree_is_no_success(self):
        with tempfile.TemporaryDirectory() as root:
            done = subprocess.run([sys.executable, CHECK, root], capture_output=True, check=False, timeout=30)
            self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
