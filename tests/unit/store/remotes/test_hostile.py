"""Remotes that an attacker made: what cannot be right is refused, and nothing changes here."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from stook.errors import FormatError, IntegrityError, StookError
from stook.format import aliases, segments
from stook.model.record import (
    BundleRecord,
    CommitRecord,
    ContextRecord,
    DeleteRecord,
    Manifest,
    Record,
    RestoreRecord,
    TagRecord,
)
from stook.model.tree import Blob, File, Value
from stook.storage import open_storage
from stook.store import Store
from stook.store.remotes.config import KEY, RemoteConfig
from tests.servers.hostile_s3 import Answer, serve_hostile
from tests.unit.store.remotes.conftest import OpenStore

_FAR = "70000000000000000000000000"
_NEVER = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"
_WRITER = "a" * 32
_EMPTY = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"


@dataclass(frozen=True)
class Pair:
    """The store of the victim, with one bundle; and of the attacker, which is its remote and has another."""

    victim: Store
    eve: Store

    @property
    def root(self) -> Path:
        """The folder of the remote."""
        return Path(self.eve.repository.url)

    def good(self) -> BundleRecord:
        """Return the record of the attacker's honest bundle."""
        return self.eve.get("good").record

    def plant(self, *said: Record | bytes) -> None:
        """Write records into the remote's log without any check."""
        payloads = [one if isinstance(one, bytes) else msgspec.json.encode(one) for one in said]
        folder = self.root / "log" / _WRITER
        folder.mkdir(parents=True, exist_ok=True)
        number = len(list(folder.iterdir())) + 1
        data = segments.MAGIC + b"".join(map(segments.frame, payloads))
        (folder / f"{number:016}").write_bytes(data)

    def check_unharmed(self) -> None:
        """See that the victim's bundle is whole, and that what is added is the latest."""
        assert self.victim.get("mine").data == {"a": "mine"}
        assert not self.victim.verify(deep=True).problems
        fresh = self.victim.add("mine", {"a": "newer"})
        assert self.victim.get("mine").id == fresh.id
        assert self.victim.get("mine").data == {"a": "newer"}


@pytest.fixture
def pair(machine: OpenStore, tmp_path: Path) -> Iterator[Pair]:
    """Both."""
    victim, eve = machine("victim"), machine("eve")
    victim.add("mine", {"a": "mine"})
    eve.add("good", {"a": "good"})
    victim.add_remote("origin", eve.repository.url)
    yield Pair(victim, eve)
    outside = {"victim", "eve", "cache-victim", "cache-eve"}
    assert {path.name for path in tmp_path.iterdir()} <= outside


@pytest.mark.parametrize(
    "name",
    ["../../evil", "/etc/evil", "nul\0", "a\x1b[31m", "a\u202eb", ".hidden", "x" * 300, "", "a/b", "e\u0301"],
)
def test_a_forged_name_is_passed_over(pair: Pair, name: str) -> None:
    """A bundle or context of such a name counts as damage of the remote; the others come, and nobody is told raw."""
    fresh = pair.eve.repository.clock.new_id
    pair.plant(
        msgspec.structs.replace(pair.good(), id=fresh(), name=name),
        ContextRecord(fresh(), "evil", name, 1),
    )
    with pytest.warns(UserWarning, match="versions may be missing") as told:
        done = pair.victim.pull()
    assert [ref.partition("@")[0] for ref in done.bundles] == ["good"]
    assert all("\x1b" not in str(one.message) for one in told)
    pair.check_unharmed()


def test_an_unknown_type_is_told_in_few_visible_letters(pair: Pair) -> None:
    """What names itself with escapes of a terminal, and at length, is not repeated as it is."""
    evil = "\x1b]0;owned\x07" * 2000
    pair.plant(json.dumps({"type": evil, "id": pair.eve.repository.clock.new_id()}).encode())
    with pytest.warns(UserWarning, match="versions may be missing") as told:
        pair.victim.fetch()
    (message,) = [str(one.message) for one in told]
    assert message.isprintable()
    assert len(message) < 1000


def test_millions_of_problems_are_few_rows(pair: Pair) -> None:
    """A segment of many records that are none is noted by its first ones and one for all others."""
    pair.plant(*[b"1"] * 5000)
    with pytest.warns(UserWarning, match="versions may be missing") as told:
        done = pair.victim.fetch()
    assert (done.bundles, len(told)) == (1, 1)
    there = pair.victim.at_remote()
    assert 1 < len(there.repository.catalog.damage()) < 20
    assert "others before it" in there.repository.catalog.damage()[-1].problem
    there.close()


@pytest.mark.parametrize("kind", ["bundle", "tag"])
def test_the_clock_is_not_poisoned(pair: Pair, kind: str) -> None:
    """What is from a far future is left, all else comes, and later adds here are the latest still."""
    good = pair.good()
    if kind == "bundle":
        pair.plant(msgspec.structs.replace(good, id=_FAR))
    else:
        pair.plant(TagRecord(_FAR, good.context, good.id, {"a": "b"}, 1))
    with (
        pytest.warns(UserWarning, match="ahead of this machine's clock"),
        pytest.raises(IntegrityError) as caught,
    ):
        pair.victim.pull()
    assert (caught.value.kind, bool(caught.value.hint)) == ("id-ahead", True)
    found = pair.victim.get("good")
    assert (found.id, dict(found.tags)) == (good.id, {})
    pair.check_unharmed()


@pytest.mark.filterwarnings("ignore:a part of the log is lost:UserWarning")
@pytest.mark.parametrize("kind", ["bundle", "tag", "removal"])
def test_an_id_that_nothing_can_follow_is_damage(pair: Pair, kind: str) -> None:
    """What is past the year 9999 is not taken in, so that there, too, others can still be removed."""
    good = pair.good()
    if kind == "bundle":
        pair.plant(msgspec.structs.replace(good, id=_NEVER))
    elif kind == "tag":
        pair.plant(TagRecord(_NEVER, good.context, good.id, {"a": "b"}, 1))
    else:
        pair.plant(DeleteRecord(_NEVER, good.context, good.id, 1))
    with pytest.warns(UserWarning, match="versions may be missing"):
        done = pair.victim.pull()
    assert done.bundles == (f"good@{good.id}",)
    there = pair.victim.at_remote()
    there.rm(f"good@{good.id}")
    assert there.ls() == []
    there.close()
    pair.check_unharmed()


def test_words_about_what_the_remote_has_not_change_nothing(pair: Pair) -> None:
    """Removals, tags, messages and names for the victim's own bundle and context stay on the remote."""
    mine, fresh = pair.victim.get("mine").record, pair.eve.repository.clock.new_id
    said: list[Record] = []
    for context in (mine.context, pair.good().context):
        said += [
            DeleteRecord(fresh(), context, mine.id, 1),
            TagRecord(fresh(), context, mine.id, {"a": "evil"}, 1),
            CommitRecord(fresh(), context, mine.id, "evil", 1),
            DeleteRecord(fresh(), context, mine.id, 1),
            RestoreRecord(fresh(), context, mine.id, 1),
            DeleteRecord(fresh(), context, mine.id, 1),
        ]
    said.append(ContextRecord(fresh(), mine.context, "evil", 1, deleted=True))
    pair.plant(*said)
    pair.victim.pull()
    after = pair.victim.get("mine")
    assert (dict(after.tags), after.committed) == ({}, None)
    assert [one.name for one in pair.victim.contexts()] == ["main"]
    pair.check_unharmed()


def test_an_id_that_is_here_with_other_content_is_refused(pair: Pair) -> None:
    """Of two bundles of one id the victim's stays as it is; with something said of it the pull is refused."""
    mine, good = pair.victim.get("mine").record, pair.good()
    pair.plant(msgspec.structs.replace(good, id=mine.id, name="mine"))
    assert [ref.partition("@")[0] for ref in pair.victim.pull().bundles] == ["good"]
    pair.plant(TagRecord(pair.eve.repository.clock.new_id(), good.context, mine.id, {"a": "b"}, 1))
    with pytest.raises(IntegrityError) as caught:
        pair.victim.pull()
    assert caught.value.kind == "same-id"
    pair.check_unharmed()


def test_a_record_says_what_it_is_only_once(pair: Pair) -> None:
    """A record that is of two types is none: with the context rewritten it would be the other."""
    mine, fresh = pair.victim.get("mine").record, pair.eve.repository.clock.new_id()
    words = TagRecord(fresh, pair.good().context, mine.id, {}, 1)
    pair.plant(msgspec.json.encode(words)[:-1] + b',"type":"delete"}')
    with pytest.warns(UserWarning, match="versions may be missing"):
        pair.victim.pull()
    pair.check_unharmed()


@pytest.mark.parametrize("other", ["secrets", "main"])
def test_a_context_of_the_victim_is_not_reached(pair: Pair, machine: OpenStore, other: str) -> None:
    """A bundle that says it is of another context of the victim does not come into that."""
    store = machine("victim", context=other)
    store.add("hidden", 1)
    context = store.context_id()
    fresh = pair.eve.repository.clock.new_id()
    pair.plant(msgspec.structs.replace(pair.good(), id=fresh, name="hidden", context=context))
    pair.victim.pull()
    assert store.get("hidden").data == 1
    pair.check_unharmed()


@pytest.mark.parametrize(
    "tree",
    [
        File("../../evil", Blob(0, _EMPTY, data=b"")),
        File("/evil", Blob(0, _EMPTY, data=b"")),
        File("x", Blob(2**62, "0" * 64)),
        File("x", Blob(2**70, "0" * 64, chunks=("0" * 64,) * 3)),
        File("x", Blob(64 * 2**40, "0" * 64, listing=Blob(2**30, "0" * 64))),
        Value("0" * 64, Blob(5, "0" * 64, data=b"")),
    ],
)
def test_a_tree_that_cannot_be_is_passed_over(pair: Pair, tree: File | Value) -> None:
    """Paths that lead out and blobs of sizes that cannot be are never acted on; the other bundle comes."""
    pair.plant(
        msgspec.structs.replace(
            pair.good(), id=pair.eve.repository.clock.new_id(), name="bad", manifest=Manifest(tree)
        )
    )
    with pytest.warns(UserWarning, match="versions may be missing"):
        assert len(pair.victim.pull(data=True).bundles) == 1
    pair.check_unharmed()


def test_a_listing_that_is_its_own_chunk_is_refused(pair: Pair) -> None:
    """A blob whose listing is nowhere, or is what it lists, fails by itself; the other comes."""
    own = "1" * 64
    tree = File("x", Blob(32, own, listing=Blob(32, own)))
    pair.plant(
        msgspec.structs.replace(
            pair.good(), id=pair.eve.repository.clock.new_id(), name="bad", manifest=Manifest(tree)
        )
    )
    with pytest.raises(IntegrityError) as caught:
        pair.victim.pull()
    assert caught.value.hint
    assert pair.victim.find("bad") is None
    assert pair.victim.get("good").data == {"a": "good"}
    pair.check_unharmed()


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "sparse", "fifo"])
def test_a_pack_that_is_not_what_it_should_be_is_refused(pair: Pair, damage: str) -> None:
    """Of packs that are damaged, huge, or no files, no content is taken; the victim's own is as before."""
    (pair.root / "big").write_bytes(os.urandom(300_000))
    pair.eve.add("big", pair.root / "big")
    (pair.root / "big").unlink()
    for pack in (pair.root / "packs").rglob("*.pack"):
        data = pack.read_bytes()
        pack.unlink()
        match damage:
            case "flipped":
                pack.write_bytes(data[:100] + bytes([data[100] ^ 1]) + data[101:])
            case "cut":
                pack.write_bytes(data[:-1])
            case "empty":
                pack.write_bytes(b"")
            case "sparse":
                pack.write_bytes(data)
                os.truncate(pack, 10 * 2**30)
            case _:
                os.mkfifo(pack)
    with pytest.raises(IntegrityError, match=r"big@\w+ \(its data is") as caught:
        pair.victim.pull(data=True)
    assert caught.value.hint
    with pytest.raises(StookError):
        pair.victim.get("big").data.read_bytes()
    assert pair.victim.get("good").data == {"a": "good"}
    pair.check_unharmed()


@pytest.mark.parametrize("kind", ["fifo", "link", "linked folder", "folder"])
def test_a_segment_that_is_no_file_is_passed_over(pair: Pair, tmp_path: Path, kind: str) -> None:
    """A pipe, a link or a folder in the place of a segment is not read, and nobody waits for it."""
    place = pair.root / "log" / _WRITER
    secret = tmp_path / "victim" / "stook.json"
    if kind == "linked folder":
        place.symlink_to(tmp_path / "victim" / "log" / os.listdir(tmp_path / "victim" / "log")[0])
    else:
        place.mkdir()
        segment = place / f"{1:016}"
        if kind == "fifo":
            os.mkfifo(segment)
        elif kind == "link":
            segment.symlink_to(secret)
        else:
            segment.mkdir()
    assert pair.victim.fetch().bundles == 1
    assert len(pair.victim.pull().bundles) == 1
    pair.check_unharmed()


def test_a_segment_of_ten_gigabytes_is_not_read(pair: Pair) -> None:
    """It is noted as damage, quickly."""
    folder = pair.root / "log" / _WRITER
    folder.mkdir()
    (folder / f"{1:016}").touch()
    os.truncate(folder / f"{1:016}", 10 * 2**30)
    with pytest.warns(UserWarning, match="it is too large"):
        assert pair.victim.fetch().bundles == 1
    pair.check_unharmed()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "bad-repository"),
        (b"<html>", "bad-repository"),
        (b'{"format":2,"id":"%s"}' % (b"0" * 32), "unknown-format"),
        (b'{"format":1,"id":"%s","required_features":["\x1b[31m"]}' % (b"0" * 32), "bad-repository"),
        (b'{"format":1,"id":"%s","required_features":["x"]}' % (b"0" * 32), "unknown-feature"),
        (b'{"format":1,"id":"%s"}' % (b"0" * 32), "remote-replaced"),
        (b'{"format":1,"id":"../../../evil"}', "bad-repository"),
    ],
)
def test_another_identity_is_refused(pair: Pair, content: bytes, kind: str) -> None:
    """A remote that is not readable any more, or another one, is told with a hint, and nothing is taken."""
    (pair.root / "stook.json").write_bytes(content)
    with pytest.raises(StookError) as caught:
        pair.victim.pull()
    assert (caught.value.kind, bool(caught.value.hint)) == (kind, True)
    assert str(pair.root) in caught.value.message
    pair.check_unharmed()


def test_an_identity_of_a_gigabyte_is_not_read(pair: Pair) -> None:
    """It is refused by its size."""
    os.truncate(pair.root / "stook.json", 2**30)
    with pytest.raises(IntegrityError) as caught:
        pair.victim.pull()
    assert caught.value.kind == "too-large"
    pair.check_unharmed()


@pytest.mark.parametrize(
    "forged",
    [
        {"number": 2**70},
        {"number": 0},
        {"write_id": "\x1b[31m"},
        {"moves": lambda moves: [*moves, {**moves[0], "write_id": "z"}], "number": 2},
        {"bundle": "../../evil"},
        {"name": "../evil"},
    ],
)
def test_a_forged_alias_is_refused(pair: Pair, forged: dict[str, object]) -> None:
    """Numbers, ids and names that cannot be are an error that names the object; no alias is made here."""
    pair.victim.pull()
    pair.eve.alias("prod", "good")
    key = aliases.alias_key(pair.good().context, "good", "prod")
    state = json.loads((pair.root / key).read_text())
    changed = {name: to(state[name]) if callable(to) else to for name, to in forged.items()}
    (pair.root / key).write_text(json.dumps({**state, **changed}))
    with pytest.raises(FormatError) as caught:
        pair.victim.pull()
    assert (caught.value.kind, bool(caught.value.hint)) == ("bad-alias", True)
    assert pair.victim.aliases() == []
    pair.check_unharmed()


def test_an_alias_that_was_taken_can_be_moved_and_read(pair: Pair) -> None:
    """The highest number of moves that can be read is no reason that the next move cannot be."""
    pair.victim.pull()
    pair.eve.alias("prod", "good")
    key = aliases.alias_key(pair.good().context, "good", "prod")
    state = json.loads((pair.root / key).read_text())
    (pair.root / key).write_text(json.dumps({**state, "number": 2**53 - 1}))
    assert pair.victim.pull().aliases == ("good@prod",)
    fresh = pair.victim.add("good", {"a": "newer"})
    assert pair.victim.alias("prod", fresh).number == 2**53 - 1
    assert [found.id for found in pair.victim.aliases("good")] == [fresh.id]


def test_an_alias_does_not_reach_into_another_context(pair: Pair, machine: OpenStore) -> None:
    """One that stands for a bundle of that name in another context of the victim is not made."""
    pair.victim.pull()
    hidden = machine("victim", context="secrets").add("good", {"a": "secret"})
    pair.eve.alias("prod", "good")
    key = aliases.alias_key(pair.good().context, "good", "prod")
    path = pair.root / key
    path.write_text(path.read_text().replace(pair.good().id, hidden.id))
    pair.victim.pull()
    assert pair.victim.aliases() == []
    pair.check_unharmed()


_SOUND = RemoteConfig("origin", "c", "/nowhere", "0" * 32, "c")


@pytest.mark.parametrize(
    "config",
    [
        msgspec.structs.replace(_SOUND, name="\x1b[31m"),
        msgspec.structs.replace(_SOUND, repository="../../../../evil"),
        msgspec.structs.replace(_SOUND, context="../evil"),
        msgspec.structs.replace(_SOUND, remote_context="../evil"),
        msgspec.structs.replace(_SOUND, url="s3://key:secret@bucket/x"),
        msgspec.structs.replace(_SOUND, url="/x\x1b[31m"),
        msgspec.structs.replace(_SOUND, options={"secret_access_key": "x"}),
    ],
)
def test_a_list_of_remotes_that_stook_did_not_write_is_refused(
    machine: OpenStore, tmp_path: Path, config: RemoteConfig
) -> None:
    """A store that someone gave away may name remotes of any kind: what cannot be is refused before it is used."""
    store = machine("victim")
    store.add("mine", 1)
    forged = msgspec.structs.replace(
        config, context=store.context_id() if config.context == "c" else config.context
    )
    (tmp_path / "victim" / KEY).write_bytes(msgspec.json.encode({"remotes": [forged]}))
    assert machine("victim").get("mine").data == 1
    for use in (store.remotes, store.pull, store.fetch):
        with pytest.raises(FormatError) as caught:
            use()
        assert (caught.value.kind, bool(caught.value.hint)) == ("bad-remotes", True)
        assert caught.value.message.isprintable()
    assert not list(tmp_path.rglob("*evil*"))
    assert {path.name for path in tmp_path.iterdir()} == {"victim", "cache-victim"}


@pytest.mark.parametrize("url", ["file:///etc", "http://169.254.169.254/x", "what:ever", "/etc", "x" * 5000])
def test_a_store_with_strange_remotes_opens_and_asks_nobody(
    machine: OpenStore, tmp_path: Path, url: str
) -> None:
    """What is here is read; whoever asks the remote gets an error with a hint."""
    store = machine("victim")
    store.add("mine", 1)
    forged = msgspec.structs.replace(_SOUND, context=store.context_id(), url=url)
    (tmp_path / "victim" / KEY).write_bytes(msgspec.json.encode({"remotes": [forged]}))
    store = machine("victim")
    assert store.get("mine").data == 1
    assert not store.verify(deep=True).problems
    with pytest.raises(StookError) as caught:
        store.pull()
    assert caught.value.kind != "bug"
    assert caught.value.exit_code != 70


def test_opening_a_store_with_a_remote_on_a_server_asks_it_nothing(
    machine: OpenStore, tmp_path: Path
) -> None:
    """No request before something is asked of the remote."""
    with serve_hostile(lambda path, query: None) as server:
        store = machine("victim")
        store.add("mine", 1)
        forged = msgspec.structs.replace(
            _SOUND, context=store.context_id(), url="s3://bucket/x", options=server.options
        )
        (tmp_path / "victim" / KEY).write_bytes(msgspec.json.encode({"remotes": [forged]}))
        store = machine("victim")
        assert store.get("mine").data == 1
        assert [one.name for one in store.remotes()] == ["origin"]
        store.search()
        assert server.asked == []


@pytest.mark.parametrize("answer", [Answer(b"<html>hello</html>", headers={}), Answer(b"<html>hello</html>")])
def test_a_web_page_is_no_store(machine: OpenStore, monkeypatch: pytest.MonkeyPatch, answer: Answer) -> None:
    """A server that answers everything with a page is refused, and is no remote afterwards."""
    _credentials(monkeypatch)
    store = machine("victim")
    store.add("mine", 1)
    with serve_hostile(lambda path, query: answer) as server:
        with pytest.raises(StookError) as caught:
            store.add_remote("origin", "s3://bucket/x", server.options)
        assert caught.value.exit_code in {5, 6}
        assert caught.value.hint
    assert store.remotes() == []


def test_a_server_that_sends_more_than_it_was_asked_for_is_not_listened_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A part of an object is read as far as it was asked for, whatever else comes."""
    _credentials(monkeypatch)
    headers = {**Answer(b"").headers, "Content-Range": "bytes 0-9/100"}
    endless = Answer(b" " * 2**20, 206, headers, length=2**40)
    with serve_hostile(lambda path, query: endless) as server:
        storage = open_storage("s3://bucket/x", options=server.options)
        with pytest.raises(IntegrityError) as caught:
            storage.get_range("packs/x", 0, 10)
    assert caught.value.kind == "truncated"
    assert server.sent < 128 * 2**20


@pytest.mark.full
def test_a_listing_without_end_is_given_up(machine: OpenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that lists more and more objects is refused after a million, with a hint."""
    _credentials(monkeypatch)
    store = machine("victim")
    store.add("mine", 1)
    with serve_hostile(_list_for_ever) as server, pytest.raises(IntegrityError) as caught:
        store.add_remote("origin", "s3://bucket/x", server.options)
    assert caught.value.kind == "too-many-objects"
    assert store.remotes() == []


def _list_for_ever(path: str, query: dict[str, list[str]]) -> Answer | None:
    if "list-type" not in query:
        identity = b'{"format":1,"id":"%s"}' % (b"1" * 32)
        return Answer(identity) if path.endswith("stook.json") else None
    page = int(query.get("continuation-token", ["0"])[0])
    entries = "".join(
        f"<Contents><Key>x/log/{page:012}{number:04}</Key><LastModified>2022-01-01T00:00:00.000Z</LastModified>"
        "<ETag>x</ETag><Size>1</Size></Contents>"
        for number in range(1000)
    )
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{page + 1}</NextContinuationToken>"
    return Answer(f"<ListBucketResult>{more}{entries}</ListBucketResult>".encode())


def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
