#!/usr/bin/env python3
"""Turns the JSON of `fedctl rounds list` into a CSV and an SVG of accuracy over rounds.

The round that crosses the target is found as McMahan et al. 2017 do: the curve is made monotone (best accuracy so far)
and interpolated linearly between the two rounds around the target.
"""

import argparse
import csv
import json

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 48, 48


def read_rounds(path):
    """Completed and evaluated rounds, oldest first."""
    with open(path, encoding="utf-8") as file:
        rounds = json.load(file)["rounds"]
    rounds = [r for r in rounds if r["phase"] == "COMPLETED" and r["evaluation"] is not None]
    return sorted(rounds, key=lambda r: r["round"])


def crossing(points, target):
    """The interpolated round at which the best accuracy so far reaches the target; None if it does not.

    As McMahan et al. do: the curve is made to rise by taking the best so far, and the crossing lies between two
    neighbouring rounds of it.
    """
    before_round, before = 0, 0.0
    for number, accuracy in points:
        if accuracy >= target:
            return before_round + (number - before_round) * (target - before) / (accuracy - before)
        before_round, before = number, max(before, accuracy)
    return None


def write_csv(path, rounds):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["round", "accuracy", "loss", "seconds", "bytes_down", "bytes_up"])
        for r in rounds:
            evaluation = r["evaluation"]
            writer.writerow([r["index_in_run"], f"{evaluation['accuracy']:.4f}", f"{evaluation['loss']:.5f}",
                             f"{(r['ended_unix_ms'] - r['started_unix_ms']) / 1000:.3f}", r["bytes_down"], r["bytes_up"]])


def ticks(low, high, count):
    """About `count` round numbers between low and high."""
    step = 10 ** len(str(int(high - low))) / 100 if high - low >= 1 else 0.001
    for factor in (1, 2, 5, 10, 20, 50, 100):
        if (high - low) / (step * factor) <= count:
            step *= factor
            break
    first = int(low / step + 0.999999) * step
    return [first + i * step for i in range(int((high - first) / step + 1.000001))]


def write_svg(path, points, target, crossed, title):
    last = points[-1][0]
    low = max(0.0, min(target - 0.07, max(a for _, a in points) - 0.02))
    high = min(1.0, max(target, max(a for _, a in points)) + 0.005)

    def x(number):
        return LEFT + (WIDTH - LEFT - RIGHT) * number / max(last, 1)

    def y(accuracy):
        clipped = min(max(accuracy, low), high)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (clipped - low) / (high - low)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           f'<text x="{LEFT}" y="24" font-size="15">{title}</text>']
    for value in ticks(low, high, 8):
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#e5e5e5"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{100 * value:.1f} %</text>')
    for value in ticks(0, last, 10):
        out.append(f'<text x="{x(value):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{value:g}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">round</text>')
    out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(target):.1f}" y2="{y(target):.1f}" stroke="#c0392b" stroke-dasharray="6 4"/>')
    path_points = " ".join(f"{x(n):.1f},{y(a):.1f}" for n, a in points)
    out.append(f'<polyline points="{path_points}" fill="none" stroke="#2c6fbb" stroke-width="1.6"/>')
    if crossed is not None:
        anchor = "end" if crossed > last / 2 else "start"
        out.append(f'<circle cx="{x(crossed):.1f}" cy="{y(target):.1f}" r="4" fill="#c0392b"/>')
        out.append(f'<text x="{x(crossed) - (10 if anchor == "end" else -10):.1f}" y="{y(target) - 8:.1f}" text-anchor="{anchor}" '
                   f'fill="#c0392b">{100 * target:g} % at round {crossed:.1f}</text>')
    out.append("</svg>")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", required=True)
    parser.add_argument("--target", required=True, type=float)
    parser.add_argument("--csv", required=True)
    parser.add_argument("--svg", required=True)
    parser.add_argument("--title", default="")
    args = parser.parse_args()
    rounds = read_rounds(args.rounds)
    if not rounds:
        raise SystemExit("no evaluated round")
    points = [(r["index_in_run"], r["evaluation"]["accuracy"]) for r in rounds]
    crossed = crossing(points, args.target)
    write_csv(args.csv, rounds)
    write_svg(args.svg, points, args.target, crossed, args.title)
    best = max(a for _, a in points)
    reached = f"reached {100 * args.target:g} % at round {crossed:.1f}" if crossed is not None else "target not reached"
    print(f"{args.title}: {reached}; best {100 * best:.2f} % in {points[-1][0]} rounds; {args.csv}")


if __name__ == "__main__":
    main()
