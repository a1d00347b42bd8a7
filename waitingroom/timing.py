"""The periods that processes, scripts and pages must agree on."""

# Ticks missing for so long: Redis or every process was away, and nobody could show up.
SILENCE_MS = 10_000
# Where hubs stand in for the clock one of them ticks every second; more seldom would lose part of the rate.
HUB_TICK_MS = 900
