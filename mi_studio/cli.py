"""The command line: the same engine as the program, without a screen.

Exit codes: 0 done, 2 wrong use (one line names the valid choices), 3 the run failed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from mi_studio import __version__
from mi_studio.core.cards import ACCESS_LEVELS, library
from mi_studio.core.config import (
    ALL_TARGETS,
    DEVICES,
    RunConfig,
    resolve,
    scene_knobs,
    why_not_attack,
    why_not_defense,
)
from mi_studio.core.errors import NO_OUT, RunError, StudioError, UsageError, reason
from mi_studio.core.knobs import Knob, plain
from mi_studio.core.text import Text
from mi_studio.studio.pace import left_in_words

if TYPE_CHECKING:
    from mi_studio.core.recording import Recording
    from mi_studio.sweep.grid import Plan
    from mi_studio.sweep.store import Book, Parts

OK, WRONG_USE, FAILED = 0, 2, 3
KINDS = ("scenes", "models", "attacks", "defenses", "knobs")
HEADLESS_OUT = Path("mi-studio-run")


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``mi-studio`` and return its exit code."""
    options = _parser().parse_args(argv)
    try:
        code: int = options.act(options)
        return code
    except RunError as error:
        print(f"mi-studio: {error}", file=sys.stderr)
        return FAILED
    except StudioError as error:
        print(f"mi-studio: {error}", file=sys.stderr)
        return WRONG_USE
    except KeyboardInterrupt:
        return 130


class _OneLineParser(argparse.ArgumentParser):
    """Answers wrong use with one line and exit code 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_USE, f"mi-studio: {message} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(prog="mi-studio", description="Watch a model inversion attack happen.")
    parser.add_argument("--version", action="version", version=f"mi-studio {__version__}")
    parser.add_argument("--lang", choices=["ja", "en"], help="language of the window")
    parser.add_argument("--theme", choices=["light", "dark", "contrast"], help="look of the window")
    parser.add_argument("--scene-file", type=Path, metavar="F", help="a teacher's scene file to open")
    # the program calls itself so, nobody else
    parser.add_argument("--splash", action="store_const", dest="act", const=_splash, help=argparse.SUPPRESS)
    parser.set_defaults(act=_program, recording=None, scene=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    listing = commands.add_parser("list", help="what there is to choose from")
    listing.add_argument("kind", nargs="?", choices=KINDS, metavar="{" + ",".join(KINDS) + "}")
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.set_defaults(act=_list)

    run = commands.add_parser("run", help="run an attack without a window")
    run.add_argument("--scene", required=True)
    run.add_argument("--model")
    run.add_argument("--attack", help="left out: the scene's own choice")
    run.add_argument("--defense", action="extend", nargs="+", default=[], metavar="D")
    run.add_argument("--set", action="extend", nargs="+", default=[], metavar="KNOB=VALUE", dest="settings")
    run.add_argument("--target", help="a class or picture of the scene, or 'all'")
    run.add_argument("--image", type=Path, help="your own picture (federated); it stays on this machine")
    run.add_argument("--seed", type=int)
    run.add_argument("--steps", type=int)
    run.add_argument("--device", default="auto", help=" ".join(DEVICES))
    run.add_argument("--out", type=Path, required=True, metavar="DIR")
    run.set_defaults(act=_run)

    grid = commands.add_parser(
        "sweep",
        help="run a grid of settings, on this machine or a cluster",
        description="Run every cell of a grid that has not been run yet. The same command goes on where a "
        "sweep was stopped or killed. docs/sweep.md says what a grid looks like.",
    )
    grid.add_argument("grid", type=Path, metavar="GRID.toml", help="what to run")
    grid.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="a folder of Parquet parts and thumbnails; or F.json.gz, one file that needs no pyarrow",
    )
    by = grid.add_mutually_exclusive_group()
    by.add_argument("--workers", type=int, metavar="N", help="processes here, one thread each (all cores)")
    by.add_argument("--dask", metavar="ADDRESS", help="a running Dask scheduler, as tcp://HOST:8786")
    grid.add_argument("--plan", action="store_true", help="say what would be run, and run nothing")
    grid.set_defaults(act=_sweep)

    play = commands.add_parser("play", help="open a recording in the program")
    play.add_argument("recording", type=Path)
    play.set_defaults(act=_program)

    shot = commands.add_parser("screenshot", help="a picture of the program's window")
    shot.add_argument("--scene", required=True)
    shot.add_argument("--attack")
    shot.add_argument("--defense", action="extend", nargs="+", default=[], metavar="D")
    shot.add_argument("--set", action="extend", nargs="+", default=[], metavar="KNOB=VALUE", dest="settings")
    shot.add_argument("--page", default="stage", help="stage, tradeoff or effects")
    shot.add_argument("--steps", type=int, help="how far to run before the picture is taken")
    shot.add_argument("--lang", default="en", choices=["ja", "en"])
    shot.add_argument("--theme", default="light", choices=["light", "dark", "contrast"])
    shot.add_argument("--size", default="1280x800", metavar="WxH")
    shot.add_argument("--out", type=Path, required=True, metavar="F.png")
    shot.set_defaults(act=_screenshot)

    report = commands.add_parser("report", help="one page about a run, to take away")
    report.add_argument("run", type=Path, metavar="DIR", help="what run left, or a recording")
    report.add_argument("--format", default="pdf", choices=["pdf"])
    report.add_argument("--lang", default="en", choices=["ja", "en"])
    report.add_argument("--out", type=Path, required=True, metavar="F.pdf")
    report.set_defaults(act=_report)

    train = commands.add_parser("train", help="rebuild the shipped weights")
    train.add_argument("recipes", nargs="*", metavar="RECIPE")
    train.add_argument("--device", default="auto", help=" ".join(DEVICES))
    train.add_argument("--list", action="store_true", help="name the recipes and how long they take")
    train.add_argument("--check", action="store_true", help="measure every shipped model again")
    train.add_argument(
        "--epsilon", type=float, metavar="E", help="train a scene's model at this ε, for yourself"
    )
    train.add_argument("--scene", default="catalogue", help="whose model that is: catalogue or face-login")
    train.add_argument("--set", action="extend", nargs="+", default=[], metavar="KNOB=VALUE", dest="settings")
    # the program calls itself so, nobody else
    train.add_argument("--for-window", action="store_true", help=argparse.SUPPRESS)
    train.set_defaults(act=_train)

    doctor = commands.add_parser("doctor", help="what works on this machine")
    doctor.add_argument("--json", action="store_true")
    doctor.set_defaults(act=_doctor)
    return parser


def _program(options: argparse.Namespace) -> int:
    if options.recording is not None:
        from mi_studio.core import recording

        recording.load(options.recording)  # a bad file is told before a window opens
    if options.scene_file is not None:
        from mi_studio.studio import scenefile

        scenefile.load(options.scene_file)
    from mi_studio.app.preflight import check_window

    try:
        check_window()
    except UsageError as error:
        if options.recording or options.scene_file:
            raise
        print(f"mi-studio: {error}", file=sys.stderr)
        print(
            f"Running the main attack without it; the results go to {HEADLESS_OUT}/.",
            file=sys.stderr,
        )
        return _headless(resolve("federated"), HEADLESS_OUT)
    from mi_studio.app.main import run_app

    opened = options.recording or options.scene_file
    return run_app(opened=opened, language=options.lang, theme=options.theme)


def settings(pairs: Sequence[str]) -> dict[str, str]:
    """Turn ``["epsilon=4"]`` into ``{"epsilon": "4"}``; raises UsageError on anything else."""
    found = {}
    for pair in pairs:
        knob, equals, value = pair.partition("=")
        if not (knob and equals and value):
            raise UsageError(
                Text(
                    "--set takes KNOB=VALUE, for example --set epsilon=4, not '{given}'.",
                    "--set には「{given}」ではなく、epsilon=4 のように「項目=値」を指定してください。",
                ),
                given=pair,
            )
        found[knob] = value
    return found


def _run(options: argparse.Namespace) -> int:
    config = resolve(
        options.scene,
        attack=options.attack,
        model=options.model,
        defenses=options.defense,
        settings=settings(options.settings),
        target=options.target,
        seed=options.seed,
        steps=options.steps,
        device=options.device,
        image=None if options.image is None else str(options.image),
    )
    if options.image is not None:
        from mi_studio.core.pictures import load_picture

        load_picture(options.image)  # a bad picture is told before torch loads
    return _headless(config, options.out)


def _headless(config: RunConfig, out: Path) -> int:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from mi_studio.app.preflight import load_torch

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            Text(
                "{out} cannot be made a folder ({reason}); choose another --out.",
                "フォルダー {out} を作れません（{reason}）。--out で別の場所を指定してください。",
            ),
            out=out,
            reason=reason(error),
        ) from error
    console = Console(stderr=True)
    try:
        with console.status("Loading…"):
            load_torch()
            from mi_studio.engine import Run
            from mi_studio.export.run_folder import write_run

            run = Run(config)
    except StudioError:
        raise
    except Exception as error:
        raise RunError(
            Text("The run could not begin: {reason}", "予期しないエラーが起き、実行を始められませんでした。"),
            reason=_line(error),
        ) from error
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    interrupted = False
    with Progress(*columns, console=console) as bars:
        bar = bars.add_task(f"{config.scene} · {config.attack}", total=config.steps)
        try:
            for step in run:
                bars.update(bar, completed=step.index)
        except KeyboardInterrupt:
            interrupted = True
        except StudioError:
            raise
        except Exception as error:
            if len(run.history):
                write_run(run.recording(), out)
            raise RunError(
                Text(
                    "The run failed at step {step}: {reason}",
                    "ステップ{step}で予期しないエラーが起き、実行を続けられませんでした。",
                ),
                step=len(run.history),
                reason=_line(error),
            ) from error
    if not len(run.history):
        return 130
    recorded = run.recording()
    try:
        write_run(recorded, out)
    except OSError as error:
        raise RunError(
            Text(
                "The results cannot be written to {out} ({reason}); choose another --out.",
                "結果を {out} に書き込めません（{reason}）。--out で別の場所を指定してください。",
            ),
            out=out,
            reason=reason(error),
        ) from error
    _say_what_came_out(recorded)
    for defense in recorded.result["defenses"]:
        if not defense["effective"]:
            print(f"{defense['id']} has no effect: {defense['reason']['en']}")
    print(f"Pictures, scores and the film: {out}")
    return 130 if interrupted else OK


def _say_what_came_out(recorded: Recording) -> None:
    """Print the verdict, and every score by the name that it has in ``result.json`` and by its title."""
    from mi_studio.core.metrics import METRICS
    from mi_studio.studio.report import report_of

    scores = recorded.result["scores"]
    print(report_of(recorded, "en").verdict.sentence)
    if (n := max(score["n"] for score in scores.values())) > 1:
        print(f"Means over {n} targets:")
    records = library().scene(recorded.config.scene).data == "records"
    chance = "always the most frequent value" if records else "unrelated pictures"
    for name, score in scores.items():
        base = f"   ({chance}: {score['base_rate']:.3g})" if "base_rate" in score else ""
        print(f"{name:23} {score['value']:<8.4g} {METRICS[name].title.en}{base}")


def _sweep(options: argparse.Namespace) -> int:
    from mi_studio.sweep import grid
    from mi_studio.sweep.store import open_store

    if options.workers is not None and options.workers < 1:
        raise UsageError(
            Text(
                "{option} takes a number from 1 on, not {given}.",
                "{option} には1以上の数を指定してください（指定値：{given}）。",
            ),
            option="--workers",
            given=options.workers,
        )
    plan = grid.plan(grid.read(options.grid))
    for cell in plan.skipped:
        print(f"left out: {cell.what}: {cell.why.en}", file=sys.stderr)
    store = open_store(options.out)
    there = store.keys()
    missing = sum(config.key not in there for config in plan.runs)
    if options.plan or not missing:
        print(f"{len(plan.runs)} runs, {missing} of them still to do")
        if options.plan:
            return OK
    if missing and options.dask is None:
        from mi_studio.app.preflight import load_torch

        load_torch()  # a missing engine is told once, not by every worker
    try:
        return _sweep_on(options, plan, store)
    except OSError as error:
        raise UsageError(NO_OUT, path=options.out, reason=reason(error)) from error


def _sweep_on(options: argparse.Namespace, plan: Plan, store: Book | Parts) -> int:
    import os
    import time

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bars

    from mi_studio.sweep.cluster import Cluster
    from mi_studio.sweep.pool import Pool
    from mi_studio.sweep.store import Parts
    from mi_studio.sweep.sweep import sweep

    hands = Cluster(options.dask) if options.dask else Pool(options.workers or os.cpu_count() or 1)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[left]}"))
    interrupted, now = False, None
    began = time.monotonic()
    try:
        with Bars(*columns, console=Console(stderr=True)) as bars:
            bar = bars.add_task("", total=len(plan.runs), left="")
            for now in sweep(plan, store, hands):
                bars.update(bar, completed=now.done, left=_left(now.left, len(now.failed)))
    except KeyboardInterrupt:
        interrupted = True
    finally:
        if isinstance(hands, Cluster):
            hands.close()
        if isinstance(store, Parts):
            store.combine()
    assert now is not None
    for failed in now.failed:
        c = failed.config
        print(f"failed: {c.attack} {c.target} seed {c.seed}: {failed.why.en}", file=sys.stderr)
    print(f"{now.done} of {now.total} runs are in {options.out} ({time.monotonic() - began:.0f} s)")
    if interrupted:
        print("Stopped; the same command goes on from here.")
        return 130
    return FAILED if now.failed else OK


def _left(seconds: float | None, failed: int) -> str:
    said = [] if seconds is None else [left_in_words(seconds).en]
    return " · ".join([*said, *([f"{failed} failed"] if failed else [])])


def _line(error: Exception) -> str:
    """Return what an error of somebody else's says, on one line."""
    return " ".join(str(error).split()) or type(error).__name__


def _list(options: argparse.Namespace) -> int:
    kinds = [options.kind] if options.kind else list(KINDS)
    entries = {kind: _entries(kind) for kind in kinds}
    if options.json:
        print(json.dumps(entries[options.kind] if options.kind else entries, indent=2, ensure_ascii=False))
        return OK
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 160)
    for kind in kinds:
        table = Table(title=kind, title_justify="left", box=None, pad_edge=False)
        shown = [name for name in entries[kind][0] if name not in ("title_ja",)] if entries[kind] else []
        for name in shown:
            table.add_column(name, overflow="fold")
        for entry in entries[kind]:
            cells = (entry[name] for name in shown)
            table.add_row(*(" ".join(map(str, c)) if isinstance(c, list) else str(c) for c in cells))
        console.print(table)
    return OK


def _entries(kind: str) -> list[dict[str, Any]]:
    cards = library()
    if kind == "scenes":
        return [
            {
                "id": s.id,
                "title": s.title.en,
                "title_ja": s.title.ja,
                "models": [m.id for m in s.models],
                "attacks": [a.id for a in cards.attacks if not why_not_attack(s, a)],
                "defenses": [d.id for d in cards.defenses if not why_not_defense(s, d)],
                "knobs": [k.id for k in s.knobs],
                "targets": sorted({t.id for group in s.targets.values() for t in group})
                + ([] if s.one_record else [ALL_TARGETS]),
            }
            for s in cards.scenes
        ]
    if kind == "models":
        return [
            {
                "id": m.id,
                "scene": s.id,
                "title": m.title.en,
                "title_ja": m.title.ja,
                "summary": m.summary.en,
                "trained_in": [d.id for d in cards.defenses if d.acts == "trained" and m in s.models_for(d)],
            }
            for s in cards.scenes
            for m in s.models
        ]
    if kind == "attacks":
        return [
            {
                "id": a.id,
                "title": a.title.en,
                "title_ja": a.title.ja,
                "access": a.access,
                "strength": a.strength,
                "steps": a.steps,
                "needs": a.needs.en,
                "scenes": [s.id for s in cards.scenes if not why_not_attack(s, a)],
            }
            for a in cards.attacks
        ]
    if kind == "defenses":
        return [
            {
                "id": d.id,
                "title": d.title.en,
                "title_ja": d.title.ja,
                "acts": d.acts,
                "knob": d.knob.id,
                "reaches": [level for level in ACCESS_LEVELS if level in d.reaches],
                "scenes": [s.id for s in cards.scenes if not why_not_defense(s, d)],
            }
            for d in cards.defenses
        ]
    knobs: dict[str, tuple[Knob, list[str]]] = {}
    for scene in cards.scenes:
        there = [d for d in cards.defenses if not why_not_defense(scene, d)]
        for knob in scene_knobs(scene, there):
            knobs.setdefault(knob.id, (knob, []))[1].append(scene.id)
    return [
        {
            "id": knob.id,
            "title": knob.title.en,
            "title_ja": knob.title.ja,
            "values": knob.choices().en,
            "default": plain(knob.default),
            "live": knob.live,
            "scenes": scenes,
        }
        for knob, scenes in knobs.values()
    ]


def _screenshot(options: argparse.Namespace) -> int:
    width, times, height = options.size.partition("x")
    if not (times and width.isdigit() and height.isdigit()):
        raise UsageError(
            Text(
                "--size takes WxH, for example 1280x800, not '{given}'.",
                "--size には「{given}」ではなく、1280x800 のように「幅x高さ」を指定してください。",
            ),
            given=options.size,
        )
    config = resolve(
        options.scene, attack=options.attack, defenses=options.defense, settings=settings(options.settings)
    )
    from mi_studio.app.screenshot import screenshot

    return screenshot(
        config,
        page=options.page,
        steps=options.steps,
        language=options.lang,
        theme=options.theme,
        size=(int(width), int(height)),
        out=options.out,
    )


def _report(options: argparse.Namespace) -> int:
    import os

    from mi_studio.core import recording

    path = options.run / "run.mireplay" if options.run.is_dir() else options.run
    recorded = recording.load(path)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from mi_studio.app.preflight import check_window

    check_window()
    from PySide6.QtWidgets import QApplication

    from mi_studio.app import theme
    from mi_studio.app.report import write_pdf
    from mi_studio.studio.report import report_of

    view = report_of(recorded, options.lang)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    theme.load_fonts(app)
    try:
        write_pdf(view, options.out, __version__)
    except OSError as error:
        raise UsageError(NO_OUT, path=options.out, reason=reason(error)) from error
    return 0


def _train(options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from mi_studio.app.preflight import load_torch

    if options.epsilon is not None:
        return _train_exactly(options)
    load_torch()
    from mi_studio.engine.devices import pick
    from mi_studio.training import zoo

    zoo.select(options.recipes)  # a wrong name is told before anything begins
    if options.list:
        print(f"{'recipe':26} {'CPU core':8} {'GPU':8}  writes")
        for recipe in zoo.recipes():
            gpu = f"{recipe.gpu_minutes:4g} min" if recipe.gpu_minutes else ""
            print(f"{recipe.name:26} {recipe.minutes:4g} min {gpu:8}  {' '.join(recipe.writes)}")
        return OK
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        bar = bars.add_task("Starting", total=1.0)

        def report(message: str, fraction: float | None) -> None:
            bars.update(bar, description=message, completed=fraction)

        if options.check:
            differences = zoo.check(report)
        else:
            zoo.train(options.recipes, pick(options.device).type, report)
            differences = []
    for difference in differences:
        print(difference)
    return FAILED if differences else OK


def _train_exactly(options: argparse.Namespace) -> int:
    if options.for_window:
        from mi_studio.training.for_window import serve

        return serve(options.scene, options.epsilon, settings(options.settings))
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from mi_studio.app.preflight import load_torch

    load_torch()
    from mi_studio.training.exact import train_exactly

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        bar = bars.add_task(f"epsilon {plain(options.epsilon)}", total=1.0)
        card = train_exactly(
            options.scene,
            options.epsilon,
            settings(options.settings),
            lambda share: bars.update(bar, completed=share),
        )
    assert card.utility is not None
    print(f"{card.weights}: accuracy {card.utility.value:.3f}, spent {card.details['epsilon_spent']:.4g}")
    return OK


def _doctor(options: argparse.Namespace) -> int:
    from mi_studio.doctor import examine

    findings = examine()
    if options.json:
        print(json.dumps([f.as_json() for f in findings], indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            print(finding.line())
    return OK if all(f.ok for f in findings) else FAILED


def _splash(options: argparse.Namespace) -> int:
    from mi_studio.app.splash import show

    return show(options.lang)


if __name__ == "__main__":
    sys.exit(main())
