"""push, pull, fetch, clone and status, as two people type them who share a folder."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

import stook as library
from tests.unit.cli.conftest import Stook

Person = Callable[[str], Stook]


@pytest.fixture
def person(stook: Stook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Person:
    """Gives the command line of a person, in a workspace, store and cache of their own; the folder `team` is shared."""

    def become(name: str) -> Stook:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        monkeypatch.chdir(folder)
        monkeypatch.setenv("STOOK_HOME", str(tmp_path / f"{name}.store"))
        monkeypatch.setenv("STOOK_CACHE", str(tmp_path / f"{name}.cache"))
        if not (folder / "stook.toml").exists():
            stook("init", "--context", "shop")
        return stook

    return become


@pytest.fixture
def team(tmp_path: Path) -> str:
    """The folder that is shared."""
    return str(tmp_path / "team")


@pytest.fixture
def ann(person: Person, team: str) -> Stook:
    """Ann, who has two versions of `prices`, one committed, and a scratch `notes`, and the remote."""
    ann = person("ann")
    Path("prices.csv").write_text("sku\n")
    Path("large.bin").write_bytes(os.urandom(300_000))
    ann("add", "prices", "prices.csv", "large.bin")
    ann("commit", "prices", "-m", "agreed")
    ann("add", "notes", "prices.csv")
    ann("remote", "add", team)
    return ann


def test_push_sends_what_is_committed(ann: Stook) -> None:
    """One line says what was sent, one what was left and what to type for it; data is not printed."""
    ref = library.open().get("prices").ref
    code, out, talk = ann("push")
    sent, left = talk.splitlines()
    assert (code, out) == (0, "")
    assert sent.startswith(f"pushed prices@{ref[-8:]} to origin: 293.")
    assert " in 1 pack, " in sent
    assert sent.endswith("/s")
    assert left.startswith("left, since nobody has committed it: 1 version; stook commit NAME -m WHY marks")
    assert ann("push")[2].splitlines()[0] == "nothing to push: origin has it"


def test_a_name_is_sent_though_it_is_scratch(ann: Stook) -> None:
    """NAME is its newest version; as JSON all that was done is there."""
    done = json.loads(ann("push", "notes", "--json")[1])
    assert done["bundles"] == [library.open().get("notes").ref]
    assert (done["remote"], done["scratch"]) == ("origin", 0)
    assert [one["name"] for one in json.loads(ann("ls", "--remote", "--json")[1])] == ["notes"]


def test_all_versions_are_sent_when_all_are_asked_for(ann: Stook) -> None:
    """`--all` sends scratch too; a tag chooses."""
    ann("tag", "notes", "stage:draft")
    assert "nothing to push" in ann("push", "--all", "-t", "stage:none")[2]
    for words in ("stage:draft", "stage=draft"):
        planned = json.loads(ann("push", "--all", "--tag", words, "--dry-run", "--json")[1])
        assert [ref.partition("@")[0] for ref in planned["bundles"]] == ["notes"]
    assert "pushed 2 versions of prices, notes to origin" in ann("push", "--all")[2]


def test_a_dry_run_sends_nothing(ann: Stook) -> None:
    """It prints the versions that would go, and how much that is."""
    code, out, talk = ann("push", "--dry-run")
    assert (code, out) == (0, library.open().get("prices").ref + "\n")
    assert talk.startswith("origin would get 1 version, 293.0 KiB of content")
    assert ann("ls", "--remote")[1] == ""
    ann("push")
    _, out, talk = ann("push", "-n")
    assert (out, talk.splitlines()[0]) == ("", "origin would get 0 versions; it has 1 already")
    assert talk.splitlines()[1].startswith("left, since nobody has committed it: 1 version; ")
    ann("tag", "prices", "stage:ready")
    assert "would get 0 versions, 1 tag or commit; it has 1" in ann("push", "-n")[2]


def test_quiet_says_nothing(ann: Stook) -> None:
    """With --quiet there is nothing on either stream."""
    for words in (("push",), ("pull",), ("fetch",)):
        assert ann(*words, "--quiet") == (0, "", "")


def test_pull_gets_what_others_pushed(ann: Stook, person: Person, team: str) -> None:
    """Ben lists and reads what Ann pushed; its content came when it was used."""
    ann("push")
    ben = person("ben")
    ben("remote", "add", team)
    first, second = ben("pull")[2].splitlines()
    assert first.startswith("pulled prices@")
    assert second == "its content comes when it is used; stook pull --data gets all of it now"
    assert [one["name"] for one in json.loads(ben("ls", "--json")[1])] == ["prices"]
    assert Path(ben("get", "prices", "large.bin")[1].strip()).stat().st_size == 300_000
    assert ben("pull")[2] == "nothing new on origin\n"


def test_pull_gets_one_version_with_its_data(ann: Stook, person: Person, team: str, tmp_path: Path) -> None:
    """NAME and --version choose; with --data nothing is needed of the remote afterwards."""
    old = library.open().get("prices")
    ann("add", "prices", "prices.csv")
    ann("push", "--all")
    ben = person("ben")
    ben("remote", "add", team)
    done = json.loads(ben("pull", "prices", "--version", old.id[-8:], "--data", "--json")[1])
    assert done["bundles"] == [old.ref]
    (tmp_path / "team").rename(tmp_path / "away")
    assert Path(ben("get", "prices", "large.bin")[1].strip()).stat().st_size == 300_000
    code, _, err = ben("pull")
    assert (code in {4, 6}, "Traceback" in err) == (True, False)


def test_pushed_is_known_without_asking(ann: Stook, tmp_path: Path) -> None:
    """The column PUSHED, and its JSON, tell what the remotes have, also when they cannot be reached."""
    ann("push")
    (tmp_path / "team").rename(tmp_path / "away")
    rows = [line.split() for line in ann("ls", "-v")[1].splitlines()]
    column = len(rows[1]) - 1
    assert {row[0]: row[column] for row in rows[1:]} == {"notes": "no", "prices": "yes"}
    assert {one["name"]: one["pushed"] for one in json.loads(ann("ls", "--json")[1])} == {
        "notes": False,
        "prices": True,
    }


def test_status_outside_of_a_checkout_holds_the_context_against_its_remotes(
    ann: Stook, person: Person, team: str
) -> None:
    """Ahead, behind and scratch are counted as of when the remote was asked; --fetch asks first."""
    ann("push")
    ann("add", "prices", "prices.csv")
    ann("commit", "prices", "-m", "again")
    ben = person("ben")
    ben("remote", "add", team)
    Path("own.txt").write_text("ben's")
    ben("add", "own", "own.txt")
    ben("push", "own")
    ann = person("ann")

    def counts(*words: str) -> list[str]:
        return ann("status", *words)[1].splitlines()[1].split()[2:5]

    assert counts() == ["1", "1", "0"]
    assert counts("--fetch") == ["1", "1", "1"]
    talk = ann("status")[2]
    assert "this folder is no checkout; the context 'shop' has 3 versions of 2 names" in talk
    assert "stook push sends them" in talk
    assert "stook pull gets them" in talk
    (remote,) = json.loads(ann("status", "--json")[1])["remotes"]
    assert [one["ref"].partition("@")[0] for one in remote["behind"]] == ["own"]


def test_a_remote_that_cannot_be_asked_hides_no_other(ann: Stook, team: str, tmp_path: Path) -> None:
    """`status --fetch` says of every remote what is known, then which was not asked and why, and ends with its code."""
    ann("remote", "add", "backup", str(tmp_path / "backup"))
    ann("push")
    os.rename(team, f"{team}.away")
    code, out, talk = ann("status", "--fetch")
    assert (code, [line.split()[0] for line in out.splitlines()[1:]]) == (4, ["backup", "origin"])
    assert f"stook: origin was not asked: there is no store at {Path(team).as_uri()}" in talk
    code, out, _ = ann("status", "--fetch", "--json")
    assert (code, json.loads(out)["unasked"]["origin"]["kind"]) == (4, "no-store")
    assert json.loads(ann("status", "--json")[1])["unasked"] == {}


def test_status_without_a_remote_says_how_to_make_one(person: Person) -> None:
    """There is nothing to compare with, which is no error."""
    code, out, talk = person("ann")("status")
    assert (code, out, "stook remote add URL makes one" in talk) == (0, "", True)


def test_fetch_says_what_is_new(ann: Stook, person: Person, team: str) -> None:
    """It counts what is new since the last time and takes nothing."""
    ben = person("ben")
    ben("remote", "add", team)
    person("ann")("push")
    ben = person("ben")
    assert ben("fetch")[2].splitlines()[0] == "origin has 1 version; 1 of them new since it was asked last"
    assert ben("fetch")[2] == "origin has 1 version; nothing new since it was asked last\n"
    assert ben("ls")[1] == ""


def test_an_alias_that_was_moved_on_both_sides_is_said_after_all_else(
    ann: Stook, person: Person, team: str
) -> None:
    """Exit code 7 with what to do; the versions went over all the same, and --force settles it."""
    ann("alias", "prod", "prices")
    ann("push")
    ben = person("ben")
    ben("remote", "add", team)
    ben("pull")
    ben("tag", "prices", "a:b")
    Path("p.csv").write_text("ben's")
    ben("add", "prices", "p.csv")
    ben("alias", "prod", "prices")
    ben("push", "prices")
    ann = person("ann")
    Path("prices.csv").write_text("ann's")
    mine = ann("add", "prices", "prices.csv")[1].strip()
    ann("alias", "prod", "prices")
    code, _, talk = ann("push", "prices")
    assert (code, "prices@prod" in talk, "--force" in talk) == (7, True, True)
    assert [line.partition(" ")[0] for line in talk.splitlines()[:2]] == ["pushed", "stook:"]
    assert ann("show", "--remote", mine)[0] == 0
    code, out, talk = ann("push", "prices", "--json")
    assert (code, json.loads(out)["present"], talk.splitlines()[0].partition(":")[0]) == (7, 1, "stook")
    code, _, talk = ann("pull")
    assert (code, talk.splitlines()[0].partition("@")[0]) == (7, "pulled prices")
    assert ann("push", "prices", "--force")[0] == 0
    assert ann("show", "--remote", "prices@prod", "--json")[1].count(mine[-26:]) >= 1


def test_what_was_removed_there_is_left_and_said(ann: Stook) -> None:
    """A removal on the remote is not undone by the next push, unless the version is named."""
    ann("push")
    assert ann("rm", "--remote", "prices", "--yes")[0] == 0
    talk = ann("push")[2]
    assert "left, since they were removed there: prices@" in talk
    assert ann("ls", "--remote")[1] == ""
    assert "pushed prices@" in ann("push", "prices")[2]


def test_verbs_work_on_the_remote(ann: Stook) -> None:
    """tag, commit, alias, show, cat, get, log, search, du, verify and gc take --remote, and change nothing here."""
    ann("push", "notes")
    ann("tag", "--remote", "notes", "who:team")
    ann("commit", "--remote", "notes", "-m", "kept there")
    ann("alias", "--remote", "prod", "notes")
    shown = json.loads(ann("show", "--remote", "notes@prod", "--json")[1])
    assert (shown["tags"], shown["committed"]["message"]) == ({"who": "team"}, "kept there")
    assert ann("cat", "--remote", "notes")[1] == "sku\n"
    assert Path(ann("get", "--remote", "notes")[1].strip()).read_text() == "sku\n"
    assert "kept there" in ann("log", "--remote", "notes")[1]
    assert ann("search", "--remote", "notes")[1].count("notes") == 1
    assert json.loads(ann("du", "--remote", "--json")[1])["names"][0]["name"] == "notes"
    assert "all is well" in ann("verify", "--remote")[2]
    assert ann("gc", "--remote", "--dry-run")[0] == 0
    here = library.open().get("notes")
    assert (here.tags, here.committed) == ({}, None)


@pytest.mark.parametrize("option", [["--remote"], ["--remote", "origin"], ["--remote=origin"], ["--remote="]])
def test_the_name_of_the_remote_may_be_left_out(ann: Stook, option: list[str]) -> None:
    """A word after --remote is the remote's name where it is one, else the command's."""
    ann("push")
    assert ann("ls", *option, "prices")[1].splitlines()[1].startswith("prices")
    assert ann("ls", "prices", *option)[1].splitlines()[1].startswith("prices")


def test_hints_keep_the_remote(ann: Stook) -> None:
    """What is told to be typed after `--remote` acts on that remote too."""
    ann("push")
    code, _, talk = ann("show", "--remote", "price")
    assert (code, "--remote" in talk.splitlines()[-1] or "did you mean prices" in talk) == (4, True)
    assert "stook restore --remote brings it back" in ann("rm", "--remote", "prices", "--yes")[2]
    ann("push", "prices")
    assert "stook restore --remote=origin brings" in ann("rm", "--remote=origin", "prices", "-y")[2]


def test_clone_makes_a_workspace(ann: Stook, person: Person, team: str) -> None:
    """DIR, or a folder of the context's name, is a workspace of it, with the remote, and lists what is there."""
    ann("push")
    ben = person("ben")
    code, out, talk = ben("clone", team, "place", "--as", "theirs")
    assert (code, out) == (0, "")
    assert talk.splitlines()[-1] == "next: cd place; stook ls"
    os.chdir("place")
    assert ben("ls")[1].splitlines()[1].startswith("prices")
    assert [one["name"] for one in json.loads(ben("remote", "--json")[1])] == ["origin"]
    os.chdir("..")
    assert ben("clone", team, "place")[0] == 7
    assert person("cleo")("clone", team)[2].splitlines()[-1] == "next: cd shop; stook ls"
    assert "to make a store there" in ben("clone", "./nowhere/at/all")[2]


def test_names_that_are_not_there(ann: Stook) -> None:
    """A bundle, a version, a remote that there is not: code 4, and what there is."""
    for words in (
        ("push", "nothing"),
        ("pull", "nothing"),
        ("push", "--remote", "nowhere"),
        ("pull", "--remote", "nowhere"),
        ("fetch", "nowhere"),
        ("ls", "--remote=nowhere"),
    ):
        code, out, err = ann(*words)
        assert (code, out, "Traceback" in err) == (4, "", False), words
        assert "try: " in err


def test_verify_tells_data_that_is_elsewhere_from_damage(ann: Stook, person: Person, team: str) -> None:
    """A version whose data is on a remote alone is well, and how to get it is said."""
    ann("push")
    ben = person("ben")
    ben("remote", "add", team)
    ben("pull")
    code, out, talk = ben("verify")
    assert (code, out) == (0, "")
    assert "1 bundle without all data here, which is on origin" in talk
    assert "stook pull --data --remote origin gets it now" in talk
    ben("pull", "--data")
    assert "without all data" not in ben("verify")[2]


def test_what_was_pushed_exists_elsewhere(ann: Stook) -> None:
    """Deleting a context counts what neither another context nor a remote has."""
    assert "2 of them, " in ann("context", "delete", "shop", "-n")[2]
    ann("push")
    assert "1 of them, 4 B, exist nowhere else" in ann("context", "delete", "shop", "-n")[2]
    ann("push", "--all")
    assert "other contexts, or remotes, have the content of all" in ann("context", "delete", "shop", "-n")[2]


def test_what_was_removed_here_is_left_and_said(ann: Stook, person: Person, team: str) -> None:
    """A removal here is not undone by the next pull, unless the version is named."""
    ann("push")
    ann("rm", "prices", "--yes", "--force")
    assert "left, since they were removed here: prices@" in ann("pull")[2]
    assert [one["name"] for one in json.loads(ann("ls", "--json")[1])] == ["notes"]
    assert "pulled prices@" in ann("pull", "prices")[2]


def test_a_remote_that_has_nothing_of_the_context(ann: Stook) -> None:
    """Listing it before the first push is not found, and the push is what is suggested; after it, it lists."""
    code, out, talk = ann("ls", "--remote")
    assert (code, out, "stook push --remote origin" in talk) == (4, "", True)
    ann("push", "notes")
    ann("rm", "--remote", "notes", "--yes")
    code, out, talk = ann("ls", "--remote")
    assert (code, out, "stook push sends what is committed here" in talk) == (0, "", True)


def test_content_that_came_along_is_not_announced(ann: Stook, person: Person, team: str) -> None:
    """Where all content is here after a pull, it is not said that it comes later; where it is not, that is said."""
    ann("push", "notes")
    ann("push", "prices")
    ben = person("ben")
    ben("remote", "add", team)
    assert "content comes when it is used" not in ben("pull", "notes")[2]
    assert "its content comes when it is used" in ben("pull", "prices")[2]
    ben("pull", "--data")
    ben("rm", "prices", "--yes", "--force")
    assert len(ben("pull", "prices")[2].splitlines()) == 1


def test_a_remote_that_was_named_is_kept_in_what_to_type(ann: Stook, person: Person) -> None:
    """What push, pull and add tell to type next goes to the same remote, not to the usual one."""
    assert "next: stook push --remote 'my place' sends" in ann("remote", "add", "my place", "./place")[2]
    told = ann("push", "--remote", "my place")[2]
    assert (
        "; stook commit NAME -m WHY marks one to keep, stook push --remote 'my place' NAME sends it" in told
    )
    assert ann("rm", "--remote=my place", "prices", "--yes")[0] == 0
    assert "; stook push --remote 'my place' prices@" in ann("push", "--remote", "my place")[2]
    ann("push", "--remote", "my place", "prices")
    there = os.path.abspath("place")
    ben = person("ben")
    ben("remote", "add", "other", "./other")
    ben("remote", "add", "my place", there)
    assert (
        "stook pull --remote 'my place' --data gets all of it now" in ben("pull", "--remote", "my place")[2]
    )


@pytest.mark.parametrize("verb", ["push", "pull"])
def test_a_remote_where_a_bundle_is_expected(ann: Stook, verb: str) -> None:
    """Who types `push origin NAME`, as elsewhere, is told how it is written here."""
    code, out, talk = ann(verb, "origin", "prices")
    assert (code, out, talk.splitlines()[-1]) == (4, "", f"  try: stook {verb} --remote origin prices")
    assert "--remote" not in ann(verb, "nothing")[2].splitlines()[-1].replace("ls --remote", "")


def test_a_clone_does_not_join_another_context_of_the_same_name(
    ann: Stook, person: Person, team: str
) -> None:
    """Nothing is done, and it is said how to keep both apart, and how to join them."""
    ann("push")
    ben = person("ben")
    Path("mine.txt").write_text("mine")
    ben("add", "mine", "mine.txt")
    code, _, talk = ben("clone", team, "place")
    assert (code, "'shop' is here already, with 1 version" in talk, Path("place").exists()) == (
        7,
        True,
        False,
    )
    assert ben("remote", "ls", "--json")[1].strip() == "[]"
    assert ben("clone", team, "place", "--as", "theirs")[0] == 0
    assert ben("clone", team, "second")[0] == 0
    assert [one["name"] for one in json.loads(ben("ls", "--json")[1])] == ["mine"]
    cleo = person("cleo")
    Path("hers.txt").write_text("hers")
    cleo("add", "hers", "hers.txt")
    told = cleo("clone", team, "place")[2].splitlines()[-1]
    for command in told.partition("; ")[2].partition(", makes")[0].split(", and then "):
        assert cleo(*shlex.split(command)[1:])[0] == 0
    assert [one["name"] for one in json.loads(cleo("ls", "--json")[1])] == ["hers", "prices"]
    assert cleo("clone", team, "place")[0] == 0


def test_a_clone_is_made_though_an_alias_was_moved_on_both_sides(
    ann: Stook, person: Person, team: str
) -> None:
    """What came is said, the workspace is there, and what to type in it is the last line."""
    ann("push")
    ben = person("ben")
    ben("clone", team, "first")
    ben("alias", "prod", "prices")
    Path("mine.txt").write_text("mine")
    ben("add", "prices", "mine.txt")
    ben("alias", "prod", "prices")
    ann = person("ann")
    ann("alias", "prod", "prices")
    ann("push")
    ben = person("ben")
    code, _, talk = ben("clone", team, "place")
    assert (code, talk.splitlines()[0]) == (7, "nothing new on origin")
    assert f"  try: in {os.path.abspath('place')}: stook push --force keeps" in talk
    os.chdir("place")
    assert len(json.loads(ben("ls", "prices", "--json")[1])) == 2


def test_a_clone_of_what_is_no_place(ann: Stook) -> None:
    """A mere name and the address of a server are refused, and what to type is a clone."""
    assert "stook clone URL" in ann("clone", "nothing")[2].splitlines()[-1]
    said = ann("clone", "http://minio:9000/data")[2].splitlines()[-1]
    assert "stook clone s3://data --endpoint http://minio:9000" in said


def test_what_another_context_here_has_is_said(ann: Stook, person: Person, team: str) -> None:
    """A version of another context of the store stays there: pull and clone say that, status says nothing is wrong."""
    ann("push")
    ben = person("ben")
    ben("add", "own", "stook.toml")
    ben("remote", "add", team)
    ben("pull")
    told = ben("clone", team, "again", "--as", "my other")[2]
    assert (
        "left 1 version, since the context 'shop' here has it already, and a version is in one only: " in told
    )
    assert "prices@" in told
    assert "; stook ls --context shop" in told
    assert "nothing new on origin for this context" in told
    os.chdir("again")
    (origin,) = json.loads(ben("status", "--json")[1])["remotes"]
    assert (origin["ahead"], origin["behind"], origin["elsewhere"]) == ([], [], 1)
    assert "another context here has it already, so that none comes: 1 version of origin" in ben("status")[2]
    ben("rm", "--context", "shop", "prices", "--yes", "--force")
    told = ben("pull", "prices")[2]
    assert "since the context 'shop' here had it already" in told
    assert "; stook restore --context shop prices@" in told
