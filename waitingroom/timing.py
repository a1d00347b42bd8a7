"""The periods that processes, scripts and pages must agree on."""

from math import ceil

# Settings that no clock of the release confirmed for so long, which wrote them, are an older one's to overwrite.
RELEASE_GONE_MS = 20_000
# Ticks missing for so long: Redis or every process was away, and nobody could show up.
SILENCE_MS = 10_000
# Where hubs stand in for the clock one of them ticks so often; as seldom as a burst lasts, rate were lost.
HUB_TICK_MS = 700
# So much is left of a recovery period, at the least, while the drawn have not got their numbers back.
LINING_UP_MS = 1_000
# A page that lost its socket waits up to so long at first: a server's death must not bring everybody back at once.
LONGEST_PAUSE_MS = 10_000
# A waiting page asks, or is told, at least so often, give or take a fifth: a crowd must not ask together.
SLOWEST_LOOK_SECONDS = 8
LOOK_JITTER = 0.2
# So many from the front on are told every second: there a page notices by a second's silence that it is cut off.
FRONT = 1000
# Who is heard of so seldom is heard of twice in a presence: one lost poll must not cost a visitor the place.
MIN_PRESENCE_SECONDS = ceil(2 * SLOWEST_LOOK_SECONDS * (1 + LOOK_JITTER))
# Whose last socket closed counts as absent after so long: who reloads, or pauses and connects, is back by then.
RETURN_MS = LONGEST_PAUSE_MS + 2_000
# The turn is near for so many from the front on, as the waiting page says.
NEAR = 10
# What the report is made of waits in Redis for the clock that moves it to the database: so long, and so many entries,
# each a tick's admissions or what a process told within a second.
RECORD_LIFE_MS = 86_400_000
MAX_RECORDED = 10_000
# The queue numbers of a gathering whose order is drawn lie within so long after the opening, by when they were drawn:
# in the order of arrival, also where Redis lost the last of them, and hardly ahead of those of the opening.
GATHERED_US = 1_000_000
# A push that failed, or whose worker died, is tried again after so long at the least; longer than one try can take.
RING_AGAIN_MS = 12_000
# Charts show so much of a room, from a sample each so many seconds; no more are kept, whatever a clock does.
SAMPLES_KEPT_MS = 1_800_000
SAMPLE_SECONDS = 5.0
MAX_SAMPLES = 400
# Whoever is admitted hears of it within so long, however many are admitted together.
CALLING_MS = 4_000
