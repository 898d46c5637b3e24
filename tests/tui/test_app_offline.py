"""Terminal app in tmux, attached to a real sidecar process: keys, panic, presets, a sidecar that is started again."""

from __future__ import annotations

from pathlib import Path

from bridge.config import CONFIG_HOME_VARIABLE
from tests.conftest import StartOfflineSidecar
from tests.offline_sidecar import NO_ENGINES, OfflineSidecar, open_offline_sidecar
from tests.tui.tmux_rig import OpenTmux, TmuxRig
from tests.waiting import HANG_S, until


def open_app(open_tmux: OpenTmux, sidecar: OfflineSidecar, folder: Path) -> TmuxRig:
    """The app at the screen Stems, once it is attached."""
    address = f"127.0.0.1:{sidecar.port}"
    home = {CONFIG_HOME_VARIABLE: str(folder / "config")}
    app = open_tmux("-m", "tui", "--attach", address, "--screen", "stems", **home)
    app.wait_for_words("● offline")
    return app


def get(sidecar: OfflineSidecar, address: str) -> object:
    with sidecar.open_client() as client:
        replies = client.gather("/get", address, done="/get/done", timeout_s=HANG_S)
    return next(args[0] for name, args in replies if name == address)


def test_keys_act_on_the_sidecar_and_undo_takes_them_back(
    offline_sidecar: StartOfflineSidecar, open_tmux: OpenTmux, tmp_path: Path
) -> None:
    with offline_sidecar(settings=NO_ENGINES) as sidecar:
        app = open_app(open_tmux, sidecar, tmp_path)
        app.press("4", "m")
        app.wait_for_words("other muted")
        assert get(sidecar, "/stems/other/mute") == 1
        app.press("ctrl+p")
        app.wait_for_words("Find ›")
        app.press("exclamation_mark")
        app.wait_for_words("the mix is dry")
        app.press("escape")
        app.wait_for_words("1 drums")
        until("the dry mix", lambda: get(sidecar, "/stems/dry") == 1)
        app.press("u")
        until("the end of the dry mix", lambda: get(sidecar, "/stems/dry") == 0)
        app.press("u")
        until("the mute to be undone", lambda: get(sidecar, "/stems/other/mute") == 0)
        app.press("ctrl+r")
        until("the mute", lambda: get(sidecar, "/stems/other/mute") == 1)
        app.press("ctrl+s", *"mine", "enter")
        until("the preset", lambda: (tmp_path / "config" / "presets" / "mine.toml").exists())
        app.press("q")
        app.wait_for("ended")
        assert sidecar.process.poll() is None
        assert get(sidecar, "/stems/other/mute") == 1


def test_a_sidecar_that_is_started_again_is_shown_anew_and_gets_nothing_that_was_pressed_meanwhile(
    open_tmux: OpenTmux, tmp_path: Path
) -> None:
    with open_offline_sidecar(tmp_path, settings=NO_ENGINES) as sidecar:
        app = open_app(open_tmux, sidecar, tmp_path)
        port = sidecar.port
        app.press("1", "m")
        app.wait_for_words("drums muted")
    app.wait_for_words("LOST")
    app.press("2", "m")
    app.wait_for_words("not sent: bass mute on (LOST)")
    with open_offline_sidecar(tmp_path, settings=NO_ENGINES, port=port) as again:
        app.wait_for_words("● offline")
        until("the values of the new one", lambda: "MUTED" not in app.read())
        assert get(again, "/stems/bass/mute") == 0
        app.press("m")
        app.wait_for_words("bass muted")
