"""Names of packages, imported when they are asked for."""

import subprocess
import sys


def test_the_package_gives_its_names_only_when_asked() -> None:
    script = (
        "import sys, antiphon\n"
        "mine = {name for name in sys.modules if name.startswith('antiphon.')}\n"
        "assert mine == {'antiphon.exits', 'antiphon.lazy'}\n"
        "from antiphon import *\n"
        "assert Message is antiphon.message.Message and callable(dump)\n"
        "assert set(antiphon.__all__) <= set(dir(antiphon))\n"
        "try: antiphon.nothing\n"
        "except AttributeError as error: assert 'nothing' in str(error)\n"
        "else: raise SystemExit('found')\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_what_the_program_has_set_stays_when_the_others_come() -> None:
    script = (
        "import sys, antiphon.zmq as zmq\n"
        "zmq.__version__, zmq.SocketEvent\n"
        "assert 'antiphon.zmq.socket' not in sys.modules\n"
        "zmq.Context = mine = object()\n"
        "zmq.Socket\n"
        "assert zmq.Context is mine and 'Poller' in vars(zmq)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
