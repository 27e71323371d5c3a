"""Learning rates of torch.optim.lr_scheduler.OneCycleLR, step by step. See make_goldens.py."""

import torch

from golden_case import Case

# Options as `oneCycle` takes them; those of the scheduler follow from them.
ONE_CYCLES = {
    "one_cycle": {"maximum": 0.1, "steps": 40},
    "one_cycle_linear": {"maximum": 0.02, "steps": 33, "warmUp": 0.25, "shape": "linear"},
    "one_cycle_three_phases": {
        "maximum": 2.0, "steps": 50, "warmUp": 0.4, "threePhase": True, "startDivisor": 10.0, "endDivisor": 100.0,
    },
    "one_cycle_three_phases_linear": {"maximum": 0.5, "steps": 21, "shape": "linear", "threePhase": True},
    "one_cycle_no_warm_up": {"maximum": 0.1, "steps": 10, "warmUp": 0.0},
    "one_cycle_half_step": {"maximum": 0.1, "steps": 5, "warmUp": 0.1, "endDivisor": 1.0},
}


def rates(options: dict) -> list[float]:
    """The rate of every step. The momentum stays as it is, as `oneCycle` leaves it."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=options["maximum"],
        total_steps=options["steps"],
        pct_start=options.get("warmUp", 0.3),
        anneal_strategy="cos" if options.get("shape", "cosine") == "cosine" else "linear",
        cycle_momentum=False,
        div_factor=options.get("startDivisor", 25.0),
        final_div_factor=options.get("endDivisor", 1e4),
        three_phase=options.get("threePhase", False),
    )
    found = []
    for step in range(options["steps"]):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step < options["steps"] - 1:
            scheduler.step()
    return found


def schedule_cases() -> list[Case]:
    cases = []
    for name, options in ONE_CYCLES.items():
        exact = torch.tensor(rates(options), dtype=torch.float64)
        error = (exact.float().double() - exact).abs().max().item()
        cases.append(Case(name, "schedule", options, {}, {"rates": exact}, {"rates": float(f"{error:.3g}")}))
    return cases
