"""Shared state slots: their indices, the writer of each, and what it holds.

Every slot is an int64 with exactly one writer: C is the callback, P the control process (the parent), W a worker.
A release store of an index follows the data that it announces.
"""

from __future__ import annotations

# fmt: off
(
    HEAD,               # C  frames of input written to the ring, counted from the stream's start
    CYCLES,             # C  callbacks served
    SKIPPED,            # C  callbacks that never came: frame time jumped
    GAP_FRAMES,         # C  frames lost to those, filled with silence
    LATE_FRAMES,        # C  frames for which a stem hop was missing, played dry in "other"
    LATE_EVENTS,        # C  events that came after they were due
    LOST_EVENTS,        # C  MIDI messages too long for a record, or for which a port's buffer or its ring had no room
    PERIOD,             # C  frames of the last callback
    DELAY_NOW,          # C  the audio delay in force
    RELEASED,           # C  the last release request that was served
    RELEASE,            # P  requests to release every sounding note
    FREEWHEEL,          # P  1 while JACK freewheels: the callback then waits for the workers
    XRUNS,              # P  xruns that JACK reported
    STOP,               # P  1: workers leave
    PING,               # P  one bit a path, in the order of ports: that path is a pure delay
    RESTART,            # P  requests to begin a new epoch everywhere
    RESTARTED,          # C  the last such request that was served
    SLIPS,              # C  callbacks whose frame time overlapped the last one's; handled as if they followed it
    MIDI_MUTED,         # P  1: MIDI ports are muted and their sounding notes released; set before leaving
    FOLLOWING,          # P  1: the audio leads; host clock and transport are ignored, and our clock goes out
    BAND_LATE,          # C  frames for which a hop of the synth was missing, silent
    METER_BANK,         # P  the bank of meters that the callback is to fill, 0 or 1
    DRY,                # C  1: dry mix, as the newest table of gains says
    INSERTS_ON,         # P  1 while a delay is set for an insert point; at 0 the callback looks at none of them
    STATE_WORDS,
) = range(25)

(
    EPOCH,              # C  raised where a worker must start afresh; results of an older one are void
    ORIGIN,             # C  the frame at which that epoch began; its hops are counted from there
    LAST_ORIGIN,        # C  the same of the epoch before
    RESTART_ONE,        # P  requests to begin a new epoch for this worker alone
    RESTARTED_ONE,      # C  the last such request that was served
    DEADLINE,           # P  declared delay minus latency: frames from the input to the moment the output is due
    INPUT_DELAY,        # P  frames by which the worker runs behind the input, because its sources come so late
    ALIVE,              # P  1 while the process lives and is worth waiting for
    READY,              # W  1 once the engine is prepared
    PROGRESS,           # W  input frames processed: the end of the last hop
    DONE_EPOCH,         # W  the epoch that PROGRESS belongs to
    HEARTBEAT,          # W  raised each time round the worker's loop, and with each hop
    HOPS,               # W  hops processed
    DROPPED_HOPS,       # W  hops passed over, because the ring had moved on
    FAULTS,             # W  hops on which the engine raised or gave non-finite numbers
    HOP,                # fixed
    LATENCY,            # fixed: the delay of its audio, 0 where it has none; below 0 where it runs ahead of the input
    GAP_RESETS,         # fixed: 1 where skipped input calls for a new epoch
    STEM_INPUT_DELAY,   # P  delay in frames of its stem inputs, for a worker that does not wait for stems
    FURTHER_AHEAD,      # C  a player and its synth run so many frames further ahead since ORIGIN, for the band's insert
    LAST_FURTHER_AHEAD, # C  the same of the epoch before
    WORKER_WORDS,
) = range(22)

(
    INSERT_EPOCH,       # C  raised where the worker of the insert point must start afresh; older results are void
    INSERT_ORIGIN,      # C  the frame at which that epoch began; its blocks are counted from there
    INSERT_LAST_ORIGIN, # C  the same of the epoch before
    INSERT_HEAD,        # C  frames written to the send ring: what the point had as input, without skipped callbacks
    INSERT_LATE,        # C  frames for which the worker's block was missing, played dry
    INSERT_RESTARTED,   # C  the last request for a new epoch that was served
    INSERT_RESTART,     # P  requests to begin a new epoch for this point
    INSERT_ROUTED,      # P  1: the worker's audio is wanted, else the input delayed by INSERT_DELAY
    INSERT_DELAY,       # P  declared delay of the point; of stems that of all of them, the largest
    INSERT_BLOCK,       # P  frames that the worker processes at a time
    INSERT_ALIVE,       # P  1 while its process lives and is worth waiting for
    INSERT_STOP,        # P  1: the worker leaves
    INSERT_READY,       # W  1 once its processor is prepared
    INSERT_LATENCY,     # W  latency of its processor at this moment, of which every block says it was subtracted
    INSERT_PROGRESS,    # W  input frames processed: the end of the last block
    INSERT_DONE_EPOCH,  # W  the epoch that INSERT_PROGRESS belongs to
    INSERT_HEARTBEAT,   # W  raised each time round the worker's loop, and with each block
    INSERT_BLOCKS,      # W  blocks processed
    INSERT_DROPPED,     # W  blocks passed over, because the ring had moved on
    INSERT_FAULTS,      # W  blocks on which the processor raised or gave non-finite numbers
    INSERT_WORDS,
) = range(21)

(
    STARTED,            # 0 until the first callback, and again after a new connection
    RAW,                # JACK's 32-bit frame time at the last callback
    CYCLE_START,        # the stream frame at which this cycle starts
    DELAY_CHANGE_FADE,  # 0..FADE_FRAMES: level of all audio around a change of delay
    IN_EVENTS,          # messages in `in_events` for this cycle
    ROLLING,            # the host transport as last seen
    EXPECTED,           # the host transport frame that should come next
    TICKS,              # MIDI clock ticks since the song's start
    CLOCK_RUNNING,      # 1 between MIDI start or continue and stop
    ECHO_END,           # up to this frame a clock that comes in may be our own, come back
    BAND_DELAY,         # the delay of the band's sound in force
    BAND_ENDS,          # 1: the player has stalled; its sound ends with the next callback
    BAND_FURTHER_AHEAD, # FURTHER_AHEAD of the next epoch of the player and the synth: the delay of the band's insert
    METERED_BANK,       # the bank of meters that is being filled; the other one is complete
    DRY_LEVEL,          # 0..FADE_FRAMES: how much of the dry mix is audible
    SEND_LEVEL,         # 0..FADE_FRAMES: level of what stems send to inserts, around a change of the separation's delay
    POINTS_IN_USE,      # 1 while INSERTS_ON is, and then until no insert point delays or fades anything
    HOST_UNSEEN,        # 1: the host's transport is no clock of the engines; 0: it may be
    MIDI_UNSEEN,        # likewise of MIDI clock
    LINE_ROLLING,       # 1 while the clock line is the clock of the engines, and rolls
    POSITION_DUE,       # 1: the engines need the number of the next MIDI clock, wherever in the beat it is
    SYSEX_BYTES,        # bytes in `in_sysex` of a message that is not whole yet; below 0: it is too long
    CALLBACK_WORDS,
) = range(23)

(
    CONTROL_IN_HEAD,    # words of control input that readers may read, counted from the start
    CONTROL_IN_FILLED,  # words written, those of this cycle included, whose frames are not complete yet
    CONTROL_LOST,       # events for which the ring had no room
    CONTROL_GAP,        # 1: events were lost since the last record
    CONTROL_OUT_TAIL,   # words of control output that went to JACK
    CONTROL_REFUSED,    # messages longer than JACK's whole buffer
    SWITCH_FRONT,       # which of the switch tables the callback reads
    GAIN_FRONT,         # which of the gain tables the callback reads
    ANTICIPATED_END,    # end of the last record whose gains are anticipated, 0: none
    ANTICIPATED_FRAME,  # the cycle in which it came
    CLOCK_FRONT,        # which of the clock tables the callback reads
    CLOCK_APPLIED,      # 0 while the frame of that table has not come
    CLOCK_HEAD,         # messages about time ever written to the clock ring
    TIMEBASE_FRONT,     # which of the timebase tables the timebase callback reads
    TIMEBASE_LED,       # 1: bars and beats of JACK's transport, as we set them last, are those of our clock
    TIMEBASE_FRAME,     # the transport frame that they are of
    TIMEBASE_BAR,       # and what they are: bar and beat from 1, tick from 0
    TIMEBASE_BEAT,
    TIMEBASE_TICK,
    TIMEBASE_OFFSET,    # frames from there to TIMEBASE_FRAME, less than a tick
    CONTROL_STATE_WORDS,
) = range(21)

(
    CONTROL_IN_TAIL,    # words of control input read: their room is free
    CONTROL_HANDLED,    # words of control input of which all effects are in force
    CONTROL_OUT_HEAD,   # words of control output written
    CONTROL_WAKE,       # address of the reader's semaphore; 0: it polls, or nobody reads
    CONTROL_GENERATION, # how often the client was connected to a server
    CONTROL_REQUEST_WORDS,
) = range(6)

(
    FADE_LEVEL,         # 0..FADE_FRAMES: how much of the ring's audio is audible
    FADING_OUT,         # 1 while the level goes down
    FIRST_MISSING,      # the frame from which on the audio is missing: what sounded before it is mirrored while fading
    FADE_WORDS,
) = range(4)
# fmt: on

FADE_FRAMES = 64  # StemgenRT's figure: long enough to be click-free, short against any hop
GRACE_FRAMES = 512  # a note up to about 10 ms late is still worth playing

CURSOR, PING_CURSOR, RELEASING, STALLED, PINGING, CLOCKING, PORT_WORDS = range(7)
"""Callback state of each MIDI port: read cursors, notes to release, worker stalled, ping mode, MIDI clock running."""

T_VALID, T_ROLLING, T_FRAME, T_BEAT, T_TEMPO, T_BAR, TRANSPORT_WORDS = range(7)
"""The host transport of one cycle, as float64."""

# fmt: off
(
    LINE_ON,            # 1: a source that is not in the callback leads, and what follows is its clock line
    LINE_FRAME,         # stream frame from which on the line holds; a past one is extrapolated
    LINE_JUMPS,         # raised with each start, stop and jump: from LINE_FRAME on a new epoch
    LINE_ROLLS,         # 1: it rolls
    LINE_BEAT,          # the beat at LINE_FRAME
    LINE_TEMPO,         # quarter notes per minute
    LINE_SLOPE,         # beats per frame
    LINE_BAR,           # quarter notes per bar
    HOST_ADMITTED,      # 1: the host's transport may be the clock of the engines
    MIDI_ADMITTED,      # 1: MIDI clock may be it, where neither that transport nor the line is
    CLOCK_TABLE_WORDS,
) = range(11)
# fmt: on
"""The clock table, as float64: what the control process has selected, from the next cycle on."""

CLOCK_TABLES = 3
"""Clock tables, and likewise timebase tables: one for the callback, one for the control process, one between."""

TIMEBASE_POSITION, TIMEBASE_SLOPE, TIMEBASE_BAR_START, TIMEBASE_WORDS = range(4)
"""Values that the timebase callback set last, as float64: beat, beats per frame, the tick at which the bar begins."""

CLOCK_RECORDS, CLOCK_RECORD_WORDS = 1 << 11, 4
"""Messages about time in the clock ring, each with its frame, its size and up to 16 bytes: 20 s of clock at 250 BPM."""

CONTROL_FRAME, CONTROL_SIZE, CONTROL_DATA = 0, 1, 2
"""Words of a record of control input: stream frame; bytes, with AFTER_LOSS where events were lost before it; data."""

AFTER_LOSS = 1 << 32

SWITCH_TABLES, SWITCH_ROWS = 3, 64
"""Tables of the gains that switches lead to: one for the callback, one for the control process, one between."""

GAIN_TABLES = 3
"""Likewise of all gains and the dry mix: so a recall of many faders begins in one cycle."""

NEW_TABLE = 4
"""Bit in `ControlContext.switch_middle`, `gain_middle` and `clock_middle`: the callback has not seen the table yet. The
rest is its index."""

ANTICIPATION_FRAMES = 32768
"""For so long gains that the callback anticipated hold, where the control process does not say what it did. 0.7 s: as
long as a busy interpreter may take, and short enough if it hangs."""

FRAME, KIND, SIZE, DATA, RECORD_WORDS = 0, 1, 2, 3, 8
"""An event record: eight int64. KIND holds the kind and, shifted by EPOCH_SHIFT, the writer's epoch."""

EPOCH_SHIFT = 16
STAMP_SHIFT = 44  # a stamp is (epoch << 44) + hop start: 12 years of frames, half a million epochs

RING_HEAD, RING_DELAY = 0, 1
"""Words of a ring's head: records ever written (its writer), and the declared delay of its path (P)."""
