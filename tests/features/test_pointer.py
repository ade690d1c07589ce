"""How the pointer moves, in strokes, and to a press; and what of it survives a position per 50 ms."""

import math
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from scipy.stats import spearmanr

from data_contracts.events import (
    CLICK,
    EVENT,
    IS_SURFACE,
    KEYED,
    MOVE,
    PAGE,
    PRESS,
    RELEASE,
    SCROLL,
    SIGHTED,
    TOUCH_END,
    TOUCH_START,
)
from features.approach import Approach
from features.engine import Engine
from features.pointer import Pointer
from features.strokes import Strokes
from features.thresholds import thresholds

VIEW = {"t": 0, "kind": PAGE, "x": 800, "y": 800, "page": 0}


def moves(*points, start=1_000, every=50, **more):
    """One position every 50 ms."""
    return [{"t": start + i * every, "kind": MOVE, "x": x, "y": y} | more for i, (x, y) in enumerate(points)]


def press(t, x, y, hold=80, **more):
    place = {"x": x, "y": y} | more
    return [
        {"t": t, "kind": PRESS} | place,
        {"t": t + hold, "kind": RELEASE} | place,
        {"t": t + hold, "kind": CLICK} | place,
    ]


def line(*xs, y=100):
    return [(x, y) for x in xs]


def test_path_and_speed_of_an_even_movement(run):
    values = run(Pointer, VIEW, *moves(*line(*range(0, 100, 10)))).values
    assert values["pointer_moves"] == 10
    assert values["pointer_path"] == 90
    assert values["pointer_speed_mean"] == pytest.approx(200)
    assert values["pointer_speed_cv"] == 0
    assert values["pointer_speed_p95"] == pytest.approx(200, rel=0.42)
    assert values["pointer_acceleration_flips"] == 0
    assert values["pointer_curvature"] == 0
    assert values["pointer_axis_share"] == 1
    assert values["cursor_entropy"] == 0
    assert values["pointer_sampling_cv"] == 0


def test_positions_closer_than_45_ms_are_thinned(run):
    dense = moves(*line(*range(0, 100, 2)), every=10)
    assert run(Pointer, VIEW, *dense).values["pointer_moves"] == 10


def test_a_square_has_four_directions_and_right_angles(run):
    sides = [(0, 0), (100, 0), (100, 100), (0, 100)] * 3
    values = run(Pointer, VIEW, *moves(*sides)).values
    assert values["cursor_entropy"] == pytest.approx(2, abs=0.02)
    assert values["turn_entropy"] == 0
    assert values["pointer_curvature"] == pytest.approx(math.pi / 2 / 100)


def test_speed_that_goes_up_and_down_flips_acceleration(run):
    xs = np.cumsum([0, 10, 20, 10, 20, 10, 20, 10])
    values = run(Pointer, VIEW, *moves(*line(*xs))).values
    assert values["pointer_acceleration_flips"] == pytest.approx(5 / 0.35)


def test_reversals_under_20_px_do_not_count(run):
    wide = moves(*line(0, 30, 60, 35, 10, 40, 70))
    narrow = moves(*line(0, 30, 60, 45, 60, 45, 60))
    assert run(Pointer, VIEW, *wide).values["pointer_reversals"] == pytest.approx(2 / 0.3)
    assert run(Pointer, VIEW, *narrow).values["pointer_reversals"] == 0


def test_rests_of_a_quarter_to_two_seconds_are_pauses(run):
    points = [*moves((0, 0), (10, 0)), *moves((20, 0), start=1_550), *moves((30, 0), start=1_750)]
    points += moves((40, 0), start=9_000)
    values = run(Pointer, VIEW, *points).values
    assert values["pointer_pauses"] == 1
    assert values["pointer_pause_mean"] == pytest.approx(0.5)


def test_time_over_the_grid_needs_a_viewport(run):
    points = moves(*[(x, 50) for x in (50, 150, 250, 350, 450, 550, 650, 750)])
    assert run(Pointer, VIEW, *points).values["pointer_region_entropy"] == pytest.approx(math.log2(7))
    assert math.isnan(run(Pointer, *points).values["pointer_region_entropy"])


def test_a_touch_makes_no_pointer(run):
    rows = [{"t": 900, "kind": TOUCH_START, "x": 5, "y": 5}, {"t": 950, "kind": TOUCH_END, "x": 5, "y": 5}]
    assert run(Pointer, VIEW, *rows, *moves(*line(0, 10, 20), start=960)).values["pointer_moves"] == 0


def test_few_moves_say_nothing(run):
    values = run(Pointer, VIEW, *moves(*line(0, 10, 20))).values
    for name in ("pointer_speed_mean", "pointer_speed_cv", "cursor_entropy", "pointer_axis_share"):
        assert math.isnan(values[name])


def test_a_straight_stroke(run):
    xs = [0, 10, 30, 80, 110, 120, 125]
    values = run(Strokes, VIEW, *moves(*line(*xs)), {"t": 9_000, "kind": SCROLL, "x": 0, "y": 9}).values
    assert values["strokes"] == 1
    assert values["stroke_duration_mean"] == pytest.approx(0.3)
    assert values["stroke_distance_mean"] == 125
    assert values["pointer_straightness_mean"] == 1
    assert values["stroke_submovements"] == 1
    assert values["stroke_peak_position"] == pytest.approx(125 / 300)
    assert math.isnan(values["pointer_smoothness"])  # 7 positions
    assert math.isnan(values["fitts_slope"])


def test_a_stroke_that_goes_on_is_not_counted_yet(run):
    assert run(Strokes, VIEW, *moves(*line(0, 9, 18, 27, 36, 45, 54))).values["strokes"] == 0


def test_a_new_page_ends_a_stroke(run):
    rows = [*moves(*line(0, 9, 18, 27, 36, 45)), {"t": 1_260, "kind": PAGE, "x": 800, "y": 800, "page": 1}]
    values = run(Strokes, VIEW, *rows, *moves(*line(54, 63), start=1_300)).values
    assert values["strokes"] == 1
    assert values["stroke_distance_mean"] == 45


def test_there_and_back_is_not_straight_and_has_two_peaks(run):
    xs = [0, 10, 50, 90, 100, 90, 50, 10, 0]
    values = run(Strokes, VIEW, *moves(*line(*xs)), {"t": 9_000, "kind": SCROLL, "x": 0, "y": 9}).values
    assert values["pointer_straightness_mean"] == 0
    assert values["stroke_submovements"] == 2


def test_smoothness_is_the_spectral_arc_length(run):
    steps = np.array([2, 6, 14, 20, 24, 20, 14, 6, 2])
    rows = moves(*line(*np.cumsum([0, *steps])))
    value = run(Strokes, VIEW, *rows, {"t": 9_000, "kind": SCROLL, "x": 0, "y": 9}).values[
        "pointer_smoothness"
    ]
    middles = 0.05 * (np.arange(9) + 0.5)
    tones = np.arange(17) / 2
    spectrum = np.abs(np.exp(-2j * np.pi * tones[:, None] * middles) @ steps) / steps.sum()
    assert value == pytest.approx(-np.hypot(np.diff(spectrum), 1 / 16).sum(), rel=1e-5)
    jerky = moves(*line(*np.cumsum([0, 2, 20, 0.5, 24, 0.5, 24, 1, 20, 2])))
    rough = run(Strokes, VIEW, *jerky, {"t": 9_000, "kind": SCROLL, "x": 0, "y": 9}).values[
        "pointer_smoothness"
    ]
    assert rough < value


def test_fitts_finds_the_line_that_was_put_in(run):
    rows = []
    for number, distance in enumerate([40, 80, 160, 320, 640, 40, 80, 160, 320, 640]):
        bits = math.log2(distance)
        every = 20 * bits  # five moves: 0.1 s a bit
        xs = np.linspace(0, distance, 6) + 7 * (number % 2)
        for i, x in enumerate(xs):
            rows.append({"t": 2_000 * (number + 1) + round(i * every), "kind": MOVE, "x": x, "y": 0})
    values = run(Strokes, VIEW, *rows, {"t": 99_000, "kind": SCROLL, "x": 0, "y": 9}).values
    assert values["fitts_slope"] == pytest.approx(0.1, rel=0.01)
    assert values["fitts_residual"] == pytest.approx(0, abs=0.005)


def test_one_position_before_a_far_press_is_a_jump(run):
    bot, hand = [VIEW], [VIEW]
    for i in range(4):
        x, t = 300 * (i % 2), 2_000 * (i + 1)
        bot += [*moves((x, 50), start=t), *press(t + 5, x, 50)]
        hand += [*moves(*line(*np.linspace(300 - x, x, 8), y=50), start=t), *press(t + 400, x, 50)]
    assert run(Approach, *bot).values["pointer_jumps"] == 1
    assert run(Approach, *hand).values["pointer_jumps"] == 0
    assert math.isnan(run(Approach, *bot[:9]).values["pointer_jumps"])  # one far press


def test_a_press_that_leaps_without_a_position_is_a_teleport(run):
    rows = [VIEW, *moves((0, 0), (10, 0))]
    for i in range(5):
        rows += press(10_000 + 5_000 * i, 300 * (i % 2 + 1), 0)
    assert run(Approach, *rows).values["pointer_teleports"] == 1
    scrolled = [*rows[:3], {"t": 9_000, "kind": SCROLL, "x": 0, "y": 90}, *rows[3:]]
    assert math.isnan(run(Approach, *scrolled).values["pointer_teleports"])
    assert math.isnan(
        run(Approach, VIEW, *rows[3:]).values["pointer_teleports"]
    )  # this page sends no positions


def test_clicks_elsewhere_need_movement(run):
    still = [VIEW, *moves((0, 0)), *press(2_000, 0, 0), *press(4_000, 50, 0), *press(6_000, 52, 0)]
    assert run(Approach, *still).values["click_without_movement"] == 1
    moved = [*still[:5], *moves((40, 0), (50, 0), start=3_000), *still[5:]]
    assert run(Approach, *moved).values["click_without_movement"] == 0


def test_a_keyboard_click_counts_in_no_pointer_feature(run):
    keyed = {"kind": CLICK, "x": 0, "y": 0, "flags": KEYED}
    values = run(Approach, VIEW, *moves((500, 500)), keyed | {"t": 3_000}, keyed | {"t": 5_000}).values
    assert math.isnan(values["click_without_movement"])
    assert math.isnan(values["pointer_jumps"])


def test_a_hand_slows_down_before_a_press(run):
    slow = [*moves(*line(0, 50, 150, 200, 210, 214, 216)), *press(1_350, 216, 100)]
    even = [*moves(*line(0, 50, 100, 150, 200, 250, 300)), *press(1_350, 350, 100)]
    # 200 ms before the press the pointer was at 200: 16 px in 0.2 s against 2,000 px/s.
    assert run(Approach, VIEW, *slow).values["approach_slowdown"] == pytest.approx(80 / 2_000)
    assert run(Approach, VIEW, *even).values["approach_slowdown"] == pytest.approx(1)
    assert run(Approach, VIEW, *even[4:]).values["approach_slowdown"] == pytest.approx(1)
    assert math.isnan(run(Approach, VIEW, *even[5:]).values["approach_slowdown"])  # two positions


def test_turning_back_onto_the_target_is_an_overshoot(run):
    over = [*moves(*line(0, 50, 100, 150, 200, 190)), *press(1_350, 190, 100)]
    straight = [*moves(*line(0, 50, 100, 150, 180, 190)), *press(1_350, 190, 100)]
    assert run(Approach, VIEW, *over).values["overshoots"] == 1
    assert run(Approach, VIEW, *straight).values["overshoots"] == 0


def thrash(*rows, reversals=4):
    """Moments of these rows, when so many reversals make a thrash."""
    engine = Engine((Pointer,))
    limits = thresholds()
    limits["thrash_reversals"] = reversals
    limits["thrash_path_px"] = 400
    made = np.zeros(len(rows), EVENT)
    for event, row in zip(made, rows, strict=True):
        for name, value in row.items():
            event[name] = value
    return engine.fold(made, engine.empty(), limits=limits)


def to_and_fro(times=6, width=300, **more):
    half = [x for i in range(times) for x in ((0, width / 2) if i % 2 == 0 else (width, width / 2))]
    return moves(*line(*half), every=70, **more)


def test_throwing_the_pointer_about_is_one_thrash():
    (moment,) = thrash(VIEW, *to_and_fro(8, target=7))
    assert moment["element"] == 7
    assert moment["start"] < moment["end"] <= 1_000 + 15 * 70
    assert moment["evidence"][0] >= 4
    assert len(thrash(VIEW, *to_and_fro(8), *to_and_fro(8, start=20_000))) == 2


def test_small_or_slow_movement_drags_and_drawing_are_no_thrash():
    assert len(thrash(VIEW, *to_and_fro(8, width=50))) == 0
    slow = moves(*line(*[*range(0, 300, 15), *range(300, 0, -15)] * 4))  # a sweep a second
    assert len(thrash(VIEW, *slow)) == 0
    assert len(thrash(VIEW, *to_and_fro(8, flags=IS_SURFACE))) == 0
    assert len(thrash(VIEW, {"t": 900, "kind": PRESS, "x": 0, "y": 0}, *to_and_fro(8))) == 0


# Whether a feature ranks sessions as it did when only one position per 50 ms is left.

LEAST_CORRELATION = 0.7
NUISANCE = {"pointer_sampling_cv"}  # measures the recorder; no head sees it
RARE = {"pointer_teleports", "click_without_movement"}  # 0 for nearly every person: nothing to rank


def traces_made():
    """Traces of sixty hands that differ in pace, tremor, curve and aim, at 60 Hz."""
    rng = np.random.default_rng(7)
    for _ in range(60):
        pace, tremor, curve, skew = (
            rng.uniform(0.6, 1.6),
            rng.uniform(0, 2),
            rng.normal(0, 0.25),
            rng.uniform(1, 2.5),
        )
        over, rest = rng.uniform(0, 0.6), rng.uniform(0.25, 1.2)
        t, place, rows = 0.0, np.array([400.0, 400.0]), []
        for _ in range(40):
            goal = rng.uniform(50, 950, 2)
            aims = [place + (goal - place) * 1.12, goal] if rng.random() < over else [goal]
            for aim in aims:
                way = aim - place
                seconds = pace * (0.15 + 0.09 * math.log2(1 + math.hypot(*way) / 20)) * rng.lognormal(0, 0.15)
                share = np.linspace(0, 1, max(int(seconds * 60), 2)) ** (1 / skew)
                course = share**3 * (10 - 15 * share + 6 * share**2)
                bow = np.sin(np.pi * course) * curve * math.hypot(*way)
                side = np.array([-way[1], way[0]]) / max(math.hypot(*way), 1)
                for at, b in zip(course, bow, strict=True):
                    t += 1000 / 60
                    rows.append(
                        (round(t), MOVE, *np.round(place + way * at + side * b + rng.normal(0, tremor, 2)))
                    )
                place = aim
            t += 60
            rows += [(round(t), PRESS, *np.round(place)), (round(t + 80), RELEASE, *np.round(place))]
            t += 80 + 1000 * rest * rng.lognormal(0, 0.4)
        yield np.array(rows)


def traces_of_people(path: Path):
    table = pq.read_table(path, columns=["session_id", "t_ms", "kind", "x", "y"])
    table = table.append_column("session", pc.dictionary_encode(table["session_id"]).combine_chunks().indices)
    kinds = {"move": MOVE, "down": PRESS, "up": RELEASE}
    session = table["session"].to_numpy()
    kind = np.array([kinds[name] for name in table["kind"].to_pylist()])
    rows = np.column_stack([table["t_ms"].to_numpy(), kind, table["x"].to_numpy(), table["y"].to_numpy()])
    for number in range(session.max() + 1):
        yield rows[session == number]


def as_events(rows: np.ndarray) -> np.ndarray:
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    made = np.zeros(len(rows) + 1, EVENT)
    made["flags"] = SIGHTED
    made[0] = (rows[0, 0], 0, 0, 0, 0, 1920, 1080, 0, SIGHTED, 0, PAGE, [0] * 11)
    for column, name in enumerate(("t", "kind", "x", "y")):
        made[name][1:] = rows[:, column]
    return made


def sampled(rows: np.ndarray) -> np.ndarray:
    """What rrweb keeps: a position, then none for 50 ms."""
    kept, last = [], -math.inf
    for row in rows:
        if row[1] != MOVE:
            kept.append(row)
        elif row[0] - last >= 50:
            kept.append(row)
            last = row[0]
    return np.array(kept)


def test_features_rank_sessions_alike_at_one_position_per_50_ms(shared):
    path = shared / "data" / "sapimouse.parquet" if shared else None
    traces = traces_of_people(path) if path and path.exists() else traces_made()
    engine = Engine((Pointer, Strokes, Approach))
    pairs = []
    for trace in traces:
        pair = []
        for rows in (trace, sampled(trace)):
            memory = engine.empty()
            engine.fold(as_events(rows), memory)
            pair.append(engine.vector(memory))
        pairs.append(pair)
    raw, thin = np.array(pairs).transpose(1, 0, 2)
    found = {}
    for i, feature in enumerate(engine.features):
        if feature.family != "context" and feature.name not in NUISANCE | RARE:
            both = ~np.isnan(raw[:, i]) & ~np.isnan(thin[:, i])
            assert both.sum() >= 30, feature.name
            if np.ptp(raw[both, i]) > 0 or np.ptp(thin[both, i]) > 0:
                found[feature.name] = float(spearmanr(raw[both, i], thin[both, i])[0])
    assert len(found) >= 20
    assert {name: value for name, value in found.items() if not value >= LEAST_CORRELATION} == {}
