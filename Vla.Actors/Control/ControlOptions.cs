using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Vla.Actors.Chunks;
using Vla.Actors.Robots;
using Vla.Sensors;

namespace Vla.Actors.Control;

/// <summary>How the control loop runs: its rate and when it steps down the ladder policy → hold → stop.</summary>
public sealed record ControlOptions : IValidatableObject
{
    /// <summary>The lowest <see cref="RateHz"/>.</summary>
    public const double MinimumRateHz = 1;

    /// <summary>The highest <see cref="RateHz"/>.</summary>
    public const double MaximumRateHz = 1_000;

    /// <summary>The longest of its times, milliseconds.</summary>
    public const int LongestMs = 60_000;

    /// <summary>No message says less in <see cref="PublishedAction.DeadmanMs"/> unless it was set so.</summary>
    public const int ShortestDeadmanMs = 100;

    /// <summary>
    /// Messages that may get lost in a row before a robot that keeps to the time in them stops, and one more.
    /// </summary>
    private const int DeadmanPeriods = 5;

    /// <summary>Actions published a second, 1 to 1000. Default 50.</summary>
    [Range(MinimumRateHz, MaximumRateHz)]
    public double RateHz { get; init; } = 50;

    /// <summary>
    /// How old an action's observation may be, 1 to 60000 ms. Default 200. A single action may be used until then; a
    /// chunk must arrive by then and may be followed for <see cref="MaximumChunkAgeMs"/>.
    /// </summary>
    [Range(1, LongestMs)]
    public int MaximumActionAgeMs { get; init; } = 200;

    /// <summary>
    /// How old the observation behind an action chunk may grow while the chunk is followed, 1 to 60000 ms, or 0
    /// (default) for <see cref="ChunkAgeLimit.SlackMs"/> more than the actions that the policy wants carried out take.
    /// Never more than the chunk is long.
    /// </summary>
    [Range(0, LongestMs)]
    public int MaximumChunkAgeMs { get; init; }

    /// <summary>
    /// How long the robot holds without a fresh action before it is told to stop, 0 to 60000 ms. Default 500.
    /// </summary>
    [Range(0, LongestMs)]
    public int HoldMs { get; init; } = 500;

    /// <summary>What ends a stop that came from missing actions. Default auto, which here means short stops.</summary>
    [EnumDataType(typeof(ResumeAfterStop))]
    public ResumeAfterStop ResumeAfterStop { get; init; }

    /// <summary>
    /// How long what the policy wants may be at the limits of every dimension, or absurdly far beyond one, before it is
    /// not followed any more, 0 to 60000 ms; 0 for ever. Default 500.
    /// </summary>
    [Range(0, LongestMs)]
    public int AtLimitsMs { get; init; } = 500;

    /// <summary>
    /// Whether the control thread takes the real-time class SCHED_FIFO where it has the right to it (Linux; status says
    /// what was granted). Default true: on a busy machine nothing else brings ticks in time.
    /// </summary>
    public bool RealTime { get; init; } = true;

    /// <summary>How long a shutdown waits for outputs to take their last message, 0 to 60000 ms. Default 500.</summary>
    [Range(0, LongestMs)]
    public int FlushMs { get; init; } = 500;

    /// <summary>
    /// After how long without a message a robot is to stop by itself, two control periods to 60000 ms; it is told so in
    /// every message. 0, the default: five control periods, 100 ms at least.
    /// </summary>
    [Range(0, LongestMs)]
    public int DeadmanMs { get; init; }

    /// <summary>What messages say: <see cref="DeadmanMs"/>, or what follows from the rate, milliseconds.</summary>
    public int DeadmanInForceMs => DeadmanMs > 0 ? DeadmanMs : Math.Max(ShortestDeadmanMs, PeriodsMs(DeadmanPeriods));

    /// <summary>
    /// The least that <see cref="DeadmanMs"/> can be: with less, a robot would stop between two messages.
    /// </summary>
    public int LeastDeadmanMs => PeriodsMs(2);

    /// <summary>From one tick to the next, nanoseconds.</summary>
    internal long PeriodNs => (long)(MonotonicTime.NsPerSecond / RateHz);

    internal long MaximumActionAgeNs => MaximumActionAgeMs * MonotonicTime.NsPerMs;

    internal bool LatchesLongStops => ResumeAfterStop is ResumeAfterStop.Auto or ResumeAfterStop.ShortStops;

    internal long HoldNs => HoldMs * MonotonicTime.NsPerMs;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (DeadmanMs == 0 || DeadmanMs >= LeastDeadmanMs)
            yield break;
        yield return new ValidationResult(
            string.Create(
                CultureInfo.InvariantCulture,
                $"DeadmanMs is {DeadmanMs}; allowed at {RateHz} Hz is 0 or {LeastDeadmanMs} to {LongestMs}"
            )
        );
    }

    private int PeriodsMs(int periods) => (int)Math.Ceiling(periods * 1_000 / RateHz);
}

/// <summary>
/// What ends a stop that came from missing actions. An operator's stop always waits for the operator.
/// </summary>
public enum ResumeAfterStop
{
    /// <summary>
    /// As the robot is: <see cref="Automatic"/> for the simulated one, <see cref="ShortStops"/> for every other.
    /// </summary>
    Auto,

    /// <summary>
    /// A fresh action, as long as the stop has lasted no more than 2 s; then only <see cref="ControlLoop.Resume"/>.
    /// </summary>
    ShortStops,

    /// <summary>A fresh action, however long the stop has lasted.</summary>
    Automatic,

    /// <summary>Only <see cref="ControlLoop.Resume"/>.</summary>
    Manual,
}
