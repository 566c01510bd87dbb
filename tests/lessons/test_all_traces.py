import ast
import math
import operator
import re
import textwrap
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from pipeline.common.kernels import VARIABLE
from tests.lessons.shown import CASES, SHOWN, TRACES, Plain, grid
from tests.pipeline.workspace import ROOT, run

SIGNS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
FUNCTIONS: dict[str, Callable[..., float]] = {"max": max, "log": math.log, "exp": math.exp}

TRACKS = [
    pytest.param(one, id=f"{layer}-{case['name']}-{way}-{number}")
    for layer, case in CASES
    for way in ("forward", "backward", "update")
    for number, one in enumerate(case.get(way, []))
]
by_track = pytest.mark.parametrize("one", TRACKS)


def evaluate(node: ast.AST) -> float:
    """Work out an arithmetic expression."""
    match node:
        case ast.Expression(body):
            return evaluate(body)
        case ast.Constant(value):
            return float(str(value))
        case ast.UnaryOp(ast.USub(), operand):
            return -evaluate(operand)
        case ast.BinOp(left, sign, right):
            return SIGNS[type(sign)](evaluate(left), evaluate(right))
        case ast.Call(ast.Name(name), arguments):
            return FUNCTIONS[name](*map(evaluate, arguments))
    raise AssertionError(ast.dump(node))


@pytest.mark.parametrize(
    ("layer", "names"),
    [
        ("convolution", ["plain", "stride", "same", "channels", "filters"]),
        ("max-pooling", ["plain", "tie", "overlapping"]),
        ("average-pooling", ["plain", "padded"]),
        ("dropout", ["training", "inference"]),
        ("flatten", ["plain"]),
        ("dense", ["plain"]),
        ("softmax-cross-entropy", ["plain"]),
        ("network", ["step", "rate-0.01", "rate-0.03", "rate-0.05", "rate-0.1", "rate-0.2"]),
    ],
)
def test_every_kind_has_its_case(layer: str, names: list[str]) -> None:
    cases = TRACES[f"traces/{layer}.json"]["cases"]
    assert [case["name"] for case in cases] == names
    assert all((case["forward"] and case["backward"]) or case["update"] for case in cases)


@by_track
def test_what_is_written_out_gives_what_the_cell_is_filled_with(one: Plain) -> None:
    for step in one["steps"]:
        name, (flat,) = step["target"]
        *arithmetic, equals, result = step["expression"]
        text = "".join(
            token if isinstance(token, str) else f"({grid(one, token['cell'][0]).flat[token['cell'][1]]})"
            for token in arithmetic
        )
        for sign, python in (("e^(", "exp("), (" · ", " * "), ("−", "-")):
            text = text.replace(sign, python)
        assert evaluate(ast.parse(text.strip(), mode="eval")) == pytest.approx(
            float(grid(one, name).flat[flat]), rel=1e-6, abs=1e-6
        )
        assert equals == " = "
        assert result["cell"] == [name, flat]


@by_track
def test_a_number_is_written_as_it_stands_in_its_cell_and_the_cell_is_lit(one: Plain) -> None:
    for step in one["steps"]:
        lit = {(name, flat) for name, cells in step["cells"] for flat in cells}
        numbers = [token for token in step["expression"] if not isinstance(token, str)]
        for token in numbers:
            name, flat = token["cell"]
            value = float(grid(one, name).flat[flat])
            assert float(token["text"].replace("−", "-")) == round(value, 4)
        assert lit >= {tuple(token["cell"]) for token in numbers[:-1]}
        assert tuple(numbers[-1]["cell"]) not in lit


@by_track
def test_a_step_reads_only_what_is_there_already(one: Plain) -> None:
    waiting = {
        (array["name"], flat)
        for array in one["arrays"]
        if array.get("hidden")
        for flat in range(len(array["values"]))
    }
    for step in one["steps"]:
        assert not waiting & {(name, flat) for name, cells in step["cells"] for flat in cells}
        name, cells = step["target"]
        assert waiting >= {(name, flat) for flat in cells}
        waiting -= {(name, flat) for flat in cells}
    assert not waiting


@by_track
def test_every_line_is_a_statement_of_the_object_whose_code_is_shown(one: Plain) -> None:
    path, lines = one["code"]["object"], one["code"]["lines"]
    files = [ROOT / Path(*path.split(".")[:length]).with_suffix(".py") for length in range(1, 5)]
    (file,) = [file for file in files if file.is_file()]
    indented = textwrap.indent(
        "\n".join(lines), "    " * (path.count(".") - len(file.relative_to(ROOT).parts))
    )
    assert indented + "\n" in file.read_text(encoding="utf-8")
    assert re.fullmatch(rf"def {path.rpartition('.')[2]}\(.*", lines[0])
    (function,) = ast.parse("\n".join(lines)).body
    statements = {node.lineno - 1 for node in ast.walk(function) if isinstance(node, ast.stmt)}
    assert isinstance(function, ast.FunctionDef)
    docstring = function.body[0].lineno - 1
    assert {step["line"] for step in one["steps"]} <= statements - {0, docstring}


def test_the_same_bytes_come_out_whatever_the_kernels() -> None:
    script = "from tests.lessons.test_all_traces import digests; print(digests())"
    ended = run(ROOT, "python", "-c", script, PYTHONHASHSEED="123", **{VARIABLE: "Prescott"})
    assert ended.returncode == 0, ended.stderr
    assert ast.literal_eval(ended.stdout) == digests()


def digests() -> dict[str, str]:
    """Return the digests of all traces."""
    files = [file for shown in SHOWN.values() for file in shown.files.items()]
    return {name: sha256(content).hexdigest() for name, content in files if name.startswith("traces/")}
