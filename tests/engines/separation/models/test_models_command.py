"""``sideman models`` as a user types it, in this process; at a terminal in one of its own."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.errors import BridgeError, ConfigError, ModelError
from engines.separation.models.download import hash_file
from engines.separation.models.models_command import app
from tests.engines.separation.models import graphs
from tests.engines.separation.models.serving import serve
from tests.waiting import HANG_S

FOUR = "drums,bass,other,vocals"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path / "home" / "models"


@pytest.fixture
def onnx_file(tmp_path: Path) -> Path:
    return graphs.write_stacked_graph(tmp_path / "Demo.onnx", "mix", (1, 2, 160), (0.1, 0.2, 0.3, 0.4))


def models(*words: str | Path) -> int | None:
    status = app([str(word) for word in words], result_action="return_value", exit_on_error=False)
    return status if isinstance(status, int) else None


def add(source: str | Path, *more: str | Path) -> int | None:
    return models("add", source, "--adapter", "htdemucs", "--licence", "MIT", "--stems", FOUR, *more)


def list_stored(home: Path) -> list[str]:
    return sorted(path.name for path in home.iterdir()) if home.exists() else []


def test_a_file_is_added_listed_verified_and_removed(
    home: Path, onnx_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add(onnx_file, "--accept") == 0
    output = capsys.readouterr().err
    assert "licence: MIT" in output
    assert f"SHA-256 {hash_file(onnx_file)}: none was given" in output
    models("list")
    table = capsys.readouterr().out
    assert all(word in table for word in ("demo", "htdemucs", "44100", "drums, bass, other, vocals", "MIT"))
    assert models("verify") == 0
    assert "demo: ok" in capsys.readouterr().out
    assert models("remove", "demo", "--yes") == 0
    assert list_stored(home) == []


def test_an_address_is_fetched_and_nothing_of_it_is_left_beside(home: Path, onnx_file: Path) -> None:
    content = onnx_file.read_bytes()
    with serve(lambda handler: handler.reply(200, content)) as server:
        url = server.url("/models/Demo.onnx?download=true")
        assert add(url, "--accept", "--sha256", hash_file(onnx_file).upper()) == 0
    assert (home / "demo" / "Demo.onnx").read_bytes() == content
    assert f'source = "{url}"' in (home / "demo" / "manifest.toml").read_text()
    assert list((home / ".downloads").iterdir()) == []


def test_without_a_terminal_an_unaccepted_licence_stores_and_fetches_nothing(home: Path, onnx_file: Path) -> None:
    with serve(lambda handler: handler.reply(200, onnx_file.read_bytes())) as server:
        with pytest.raises(ConfigError, match=r"accept this licence.*--accept"):
            add(server.url())
        assert server.asked == []
    assert list_stored(home) == []


@pytest.mark.parametrize(("answer", "status", "there"), [("", 1, []), ("y", 0, ["demo"])])
def test_at_a_terminal_the_licence_is_asked_for(
    home: Path, onnx_file: Path, answer: str, status: int, there: list[str]
) -> None:
    leader, follower = pty.openpty()
    program = "import sys; from engines.separation.models.models_command import app; sys.exit(app())"
    words = ["add", str(onnx_file), "--adapter", "htdemucs", "--licence", "Some [odd] licence", "--stems", FOUR]
    os.write(leader, f"{answer}\n".encode())
    output = subprocess.run(
        [sys.executable, "-c", program, *words],
        stdin=follower,
        capture_output=True,
        text=True,
        timeout=HANG_S,
        env=os.environ,
        check=False,
    )
    os.close(leader)
    os.close(follower)
    assert output.returncode == status, output.stderr
    assert "licence: Some [odd] licence" in output.stderr
    assert "do you accept this licence? [y/N]" in output.stderr + output.stdout
    assert list_stored(home) == there


def test_a_wrong_hash_is_refused_and_nothing_is_stored(home: Path, onnx_file: Path) -> None:
    with serve(lambda handler: handler.reply(200, onnx_file.read_bytes())) as server:
        for source in (server.url(), onnx_file):
            with pytest.raises(ModelError, match=f"the SHA-256 is {hash_file(onnx_file)}, not 0+; nothing was kept"):
                add(source, "--accept", "--sha256", "0" * 64)
    assert list_stored(home) in ([], [".downloads"])
    assert not home.joinpath(".downloads").exists() or list(home.joinpath(".downloads").iterdir()) == []


def test_a_file_that_does_not_fit_its_adapter_is_not_stored(home: Path, onnx_file: Path) -> None:
    with pytest.raises(ModelError, match="no waveform output"):
        models("add", onnx_file, "--adapter", "htdemucs", "--licence", "MIT", "--stems", "drums,bass", "--accept")
    assert list_stored(home) == []


def test_what_was_fetched_is_not_fetched_again_after_a_wrong_option(home: Path, onnx_file: Path) -> None:
    with serve(lambda handler: handler.reply(200, onnx_file.read_bytes())) as server:
        words = ("add", server.url("/Demo.onnx"), "--licence", "MIT", "--accept", "--sha256", hash_file(onnx_file))
        with pytest.raises(BridgeError):
            models(*words, "--adapter", "htdemucs", "--stems", "drums,bass")
        assert models(*words, "--adapter", "htdemucs", "--stems", FOUR) == 0
        assert len(server.asked) == 1
    assert list((home / ".downloads").iterdir()) == []


def test_a_manifest_tells_all_and_its_files_lie_beside_it(home: Path, onnx_file: Path, tmp_path: Path) -> None:
    second = graphs.write_stacked_graph(tmp_path / "piano.onnx", "mix", (1, 2, 160), (0.5,))
    path = tmp_path / "bag.toml"
    path.write_text(
        f'schema = 1\nname = "bag"\nadapter = "htdemucs"\nfile = "Demo.onnx"\nsha256 = "{hash_file(onnx_file)}"\n'
        f'licence = "MIT"\nsource = "made here"\nrate = 44100\nstems = ["drums", "bass", "other", "vocals"]\n'
        f'[[more]]\nfile = "piano.onnx"\nsha256 = "{hash_file(second)}"\nstems = ["piano"]\n'
    )
    assert models("add", "--manifest", path, "--accept") == 0
    assert list_stored(home / "bag") == ["Demo.onnx", "manifest.toml", "piano.onnx"]


def test_a_manifest_s_wrong_hash_is_refused(home: Path, onnx_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "bag.toml"
    path.write_text(
        f'schema = 1\nname = "bag"\nadapter = "htdemucs"\nfile = "Demo.onnx"\nsha256 = "{"0" * 64}"\n'
        'licence = "MIT"\nsource = "made here"\nrate = 44100\nstems = ["drums", "bass", "other", "vocals"]\n'
    )
    with pytest.raises(ModelError, match=r"the SHA-256 is .*; nothing was kept"):
        models("add", "--manifest", path, "--accept")
    assert list_stored(home) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("add",), "SOURCE: missing"),
        (("add", "a.onnx"), "--adapter: missing"),
        (("add", "a.onnx", "--adapter", "spleeter"), "--licence: missing"),
        (("add", "a.onnx", "--adapter", "htdemucs", "--licence", "MIT"), f"--stems: missing.*{FOUR}"),
        (("add", "none.onnx", "--adapter", "htdemucs", "--licence", "MIT", "--stems", "a", "--accept"), "No such file"),
        (("add", "a b!.onnx", "--adapter", "htdemucs", "--licence", "MIT", "--stems", "a"), "it takes small letters"),
        (("add", "a.zip", "--adapter", "htdemucs", "--licence", "MIT", "--stems", "a"), "ends in .onnx"),
        (("verify", "nothing"), "no model 'nothing'"),
        (("remove", "nothing", "--yes"), "no model 'nothing'"),
    ],
)
def test_a_mistake_is_reported_with_its_hint(home: Path, words: tuple[str, ...], message: str) -> None:
    with pytest.raises(BridgeError, match=message) as caught:
        models(*words)
    assert caught.value.hint
    assert list_stored(home) == []


def test_verify_sees_a_changed_file_and_goes_on_with_the_others(
    home: Path, onnx_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("first", "second"):
        add(onnx_file, "--name", name, "--accept")
    with (home / "first" / "Demo.onnx").open("ab") as file:
        file.write(b"x")
    capsys.readouterr()
    assert models("verify", "--json") == 1
    first, second = json.loads(capsys.readouterr().out)
    assert "the SHA-256 is" in first["problem"]
    assert second["problem"] == ""
    assert second["trial"]["silence_db"] == -200.0
    assert second["trial"]["sum_db"] < -120.0
    assert models("verify", "second") == 0


def test_verify_tells_of_a_model_that_hisses_in_silence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    builder = graphs.Builder()
    value = builder.node("Add", builder.find_input("mix", (1, 2, 160)), builder.constant(0.1))
    builder.output("stems", builder.axis(value, 1), (1, 1, 2, 160))
    path = builder.write(tmp_path / "hiss.onnx")
    models("add", path, "--adapter", "htdemucs", "--licence", "MIT", "--stems", "vocals", "--accept")
    assert "silence does not stay silent: -20.0 dB come out" in capsys.readouterr().err


def test_verify_fails_on_a_model_that_gives_nan(tmp_path: Path, home: Path) -> None:
    path = graphs.write_stacked_graph(tmp_path / "nan.onnx", "mix", (1, 2, 160), (float("nan"),))
    with pytest.raises(ModelError, match="gave numbers that are not finite"):
        models("add", path, "--adapter", "htdemucs", "--licence", "MIT", "--stems", "vocals", "--accept")
    assert list_stored(home) == []


def test_a_broken_manifest_is_listed_and_fails_to_verify(
    home: Path, onnx_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(onnx_file, "--accept")
    (home / "demo" / "manifest.toml").write_text("schema = 1")
    capsys.readouterr()
    models("list", "--json")
    (listed,) = json.loads(capsys.readouterr().out)
    assert "missing" in listed["problem"]
    models("list")
    assert "broken" in capsys.readouterr().out
    assert models("verify") == 1


def test_list_as_json_is_the_manifest(onnx_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models("list", "--json")
    assert json.loads(capsys.readouterr().out) == []
    add(onnx_file, "--accept", "--normalisation", "mix", "--rate", "48000")
    capsys.readouterr()
    models("list", "--json")
    (listed,) = json.loads(capsys.readouterr().out)
    manifest = listed["manifest"]
    assert (manifest["rate"], manifest["normalisation"], manifest["sha256"]) == (48000, "mix", hash_file(onnx_file))
    assert manifest["source"] == str(onnx_file)


def test_remove_asks_first(home: Path, onnx_file: Path) -> None:
    add(onnx_file, "--accept")
    with pytest.raises(ConfigError, match=r"remove demo from .*--yes"):
        models("remove", "demo")
    assert list_stored(home) == ["demo"]


def test_a_streaming_model_is_tried_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = graphs.write_delaying_graph(tmp_path / "live.onnx", 8, 8, (0.1, 0.2, 0.3, 0.4))
    words = ("--adapter", "streaming", "--licence", "MIT", "--stems", "drums,bass,vocals,other", "--synthesis", "16")
    assert models("add", path, *words, "--accept") == 0
    assert models("verify", "--json") == 0
    (result,) = json.loads(capsys.readouterr().out)
    assert result["trial"]["sum_db"] < -120.0


def test_the_folder_of_an_added_model_is_added_again_without_a_download(
    home: Path, onnx_file: Path, tmp_path: Path
) -> None:
    with serve(lambda handler: handler.reply(200, onnx_file.read_bytes())) as server:
        assert add(server.url("/Demo.onnx"), "--accept") == 0
    copied = tmp_path / "copied"
    (home / "demo").rename(copied)
    assert models("add", "--manifest", copied / "manifest.toml", "--accept") == 0
    assert (home / "demo" / "Demo.onnx").read_bytes() == onnx_file.read_bytes()
