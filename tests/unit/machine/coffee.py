"""A coffee machine: the lifecycle that the machine's tests declare. No trading anywhere.

It warms up, then grinds and brews a cup for each order. Its context keeps a log of what ran, and
``faults`` says what is to be raised where: ``{"brew_entry": ValueError("boiled dry")}``.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from fsm_session.machine import Inbox, Lifecycle, State, Transition


@define(eq=False)
class Kitchen:
    """The context: what was ordered, what there is, what happened, what is to go wrong."""

    orders: int = 1
    beans: int = 10
    inbox: Inbox = field(factory=Inbox)
    faults: dict[str, BaseException] = field(factory=dict)
    deeds: dict[str, Callable[[Kitchen], object]] = field(factory=dict)
    log: list[str] = field(factory=list)
    cups: int = 0

    def happen(self, name: str) -> None:
        """Log it, do what is to be done there, and raise what is to be raised there, once."""
        self.log.append(name)
        if name in self.deeds:
            self.deeds[name](self)
        if name in self.faults:
            raise self.faults.pop(name)


def stop_requested(kitchen: Kitchen) -> bool:
    """Somebody pressed the button."""
    kitchen.happen("stop_requested")
    return kitchen.inbox.stop_requested


def has_beans(kitchen: Kitchen) -> bool:
    """There are beans for a cup."""
    kitchen.happen("has_beans")
    return kitchen.beans > 0


def another_order(kitchen: Kitchen) -> bool:
    """A cup is still to be made."""
    kitchen.happen("another_order")
    return kitchen.cups < kitchen.orders


def heat(kitchen: Kitchen) -> None:
    kitchen.happen("heat")


def rinse(kitchen: Kitchen) -> None:
    kitchen.happen("rinse")


def grind(kitchen: Kitchen) -> None:
    kitchen.happen("grind")


def empty_the_grinder(kitchen: Kitchen) -> None:
    kitchen.happen("empty_the_grinder")


def open_valve(kitchen: Kitchen) -> None:
    kitchen.happen("open_valve")


def brew(kitchen: Kitchen) -> None:
    kitchen.happen("brew")
    kitchen.beans -= 1
    kitchen.cups += 1


def close_valve(kitchen: Kitchen) -> None:
    kitchen.happen("close_valve")


def serve(kitchen: Kitchen) -> None:
    """Hand out the cup, and say so to those who asked for one."""
    kitchen.happen("serve")
    for request in kitchen.inbox.take():
        request.receipt.done()


def cool_down(kitchen: Kitchen) -> None:
    kitchen.happen("cool_down")


def switch_off(kitchen: Kitchen) -> None:
    kitchen.happen("switch_off")


def sound_alarm(kitchen: Kitchen) -> None:
    kitchen.happen("sound_alarm")


def cut_power(kitchen: Kitchen) -> None:
    kitchen.happen("cut_power")


STATES = (
    State("Warming", entry=[heat], exit=[rinse], summary="Heats the water."),
    State("Grinding", entry=[grind], exit=[empty_the_grinder]),
    State("Brewing", entry=[open_valve], activity=brew, exit=[close_valve]),
    State("Serving", entry=[serve]),
    State("Off", entry=[cool_down, switch_off], final=True),
    State("Broken", entry=[sound_alarm, cut_power], final=True),
)
TABLE = (
    Transition("Warming", "Off", stop_requested),
    Transition("Warming", "Grinding"),
    Transition("Grinding", "Off", stop_requested),
    Transition("Grinding", "Brewing", has_beans),
    Transition("Grinding", "Broken"),
    Transition("Brewing", "Serving"),
    Transition("Serving", "Off", stop_requested),
    Transition("Serving", "Grinding", another_order),
    Transition("Serving", "Off"),
)
COFFEE = Lifecycle("coffee", STATES, TABLE, failure="Broken")
#: what runs when one cup is made, in order, as the table and the states say
ONE_CUP = (
    *("heat", "stop_requested", "rinse"),
    *("grind", "stop_requested", "has_beans", "empty_the_grinder"),
    *("open_valve", "brew", "close_valve"),
    *("serve", "stop_requested", "another_order"),
    *("cool_down", "switch_off"),
)
#: where each of these is at home: the phase and the kind that an error's place would name
HOME = {
    "heat": ("Warming", "entry"),
    "rinse": ("Warming", "exit"),
    "grind": ("Grinding", "entry"),
    "has_beans": ("Grinding", "guard"),
    "empty_the_grinder": ("Grinding", "exit"),
    "open_valve": ("Brewing", "entry"),
    "brew": ("Brewing", "activity"),
    "close_valve": ("Brewing", "exit"),
    "serve": ("Serving", "entry"),
    "another_order": ("Serving", "guard"),
    "cool_down": ("Off", "entry"),
    "switch_off": ("Off", "entry"),
}
