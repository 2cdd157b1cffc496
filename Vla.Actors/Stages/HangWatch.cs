using System.Globalization;
using Microsoft.Extensions.Logging;
using Vla.Sensors;

namespace Vla.Actors.Stages;

/// <summary>How long a stage may be at one piece of work.</summary>
internal sealed record HangLimits
{
    /// <summary>From then on it is said that the stage hangs.</summary>
    public TimeSpan Name { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>After this nobody waits for it any more.</summary>
    public TimeSpan GiveUp { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The same while the stage loads its module.</summary>
    public TimeSpan Load { get; init; } = TimeSpan.FromSeconds(120);
}

/// <summary>Names stages that hang, and says when nobody is to wait for one any more.</summary>
/// <remarks>
/// <para>
/// A thread that is stuck in Torch cannot be ended: whoever is told to give up has to end the process, or to go on
/// without the stage. Looks on a thread of its own, since neither a thread pool nor an actor system can be relied on
/// then.
/// </para>
/// <para>
/// What a stage has taken before without hanging is no sign of it: it is named after twice, and given up after four
/// times its longest piece of work, where that is longer than the limits. Its first results, for which Torch compiles,
/// may take three times as long. Time in which the whole process stood still is not counted.
/// </para>
/// </remarks>
/// <param name="stages">Looked at.</param>
/// <param name="limits">How long each may take.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where a stage that hangs is named.</param>
/// <param name="giveUp">Told once, with which stage hangs, at what and for how long.</param>
internal sealed partial class HangWatch(
    IReadOnlyList<StageMonitor> stages,
    HangLimits limits,
    TimeProvider time,
    ILogger logger,
    Action<string> giveUp
) : IDisposable
{
    /// <summary>How often it is looked.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private const int NamedAfterLongest = 2;
    private const int GivenUpAfterLongest = 4;
    private const int FirstResults = 3;
    private const int MoreForFirstResults = 3;

    private readonly ManualResetEventSlim _ends = new(false);
    private readonly Watched[] _watched = [.. stages.Select(stage => new Watched(stage))];
    private long _lookedNs = time.NowNs();
    private bool _gaveUp;

    /// <summary>Begins to look.</summary>
    public void Start() => new Thread(Run) { Name = "vla-hangs", IsBackground = true }.Start();

    /// <summary>Ends the looking; does not wait for it.</summary>
    public void Dispose() => _ends.Set();

    /// <summary>Looks once. Called by its thread, or by a test.</summary>
    internal void Look()
    {
        var nowNs = time.NowNs();
        // A process that was suspended looks late, and no stage has worked meanwhile.
        var passed = TimeSpan.FromTicks(
            Math.Min((nowNs - _lookedNs) / TimeSpan.NanosecondsPerTick, 2 * Interval.Ticks)
        );
        _lookedNs = nowNs;
        foreach (var watched in _watched)
            Look(watched, passed);
    }

    private void Look(Watched watched, TimeSpan passed)
    {
        var stage = watched.Stage;
        if (stage.Work is not { } work || work.BeganNs != watched.BeganNs)
        {
            if (watched.IsNamed)
                Log.Back(logger, stage.Name, Seconds(watched.Runs), watched.Step);
            watched.Begin(stage.Work);
            return;
        }

        watched.Runs += passed;
        var longest = stage.LongestWork;
        if (!watched.IsNamed && watched.Runs >= Longer(limits.Name, NamedAfterLongest * longest))
        {
            watched.IsNamed = true;
            stage.IsHanging = true;
            Log.Hangs(logger, stage.Name, Seconds(watched.Runs), work.Step);
        }

        if (_gaveUp || watched.Runs < Limit(stage, work, longest))
            return;
        _gaveUp = true;
        giveUp(
            string.Create(
                CultureInfo.InvariantCulture,
                $"the {stage.Name} hangs: for {watched.Runs.TotalSeconds:0.0} s at {work.Step}"
            )
        );
    }

    private TimeSpan Limit(StageMonitor stage, StageWork work, TimeSpan longest)
    {
        if (work.Step == StageMonitor.Load)
            return limits.Load;
        return Longer(
            stage.ResultsSinceLoad < FirstResults ? MoreForFirstResults * limits.GiveUp : limits.GiveUp,
            GivenUpAfterLongest * longest
        );
    }

    private void Run()
    {
        while (!_ends.Wait(Interval))
            Look();
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 1);

    /// <summary>A stage and what was seen of its work.</summary>
    private sealed class Watched(StageMonitor stage)
    {
        public StageMonitor Stage => stage;

        public long BeganNs { get; private set; } = -1;

        public string Step { get; private set; } = "";

        /// <summary>How long the work has been seen to go on.</summary>
        public TimeSpan Runs { get; set; }

        public bool IsNamed { get; set; }

        public void Begin(StageWork? work)
        {
            (BeganNs, Step, Runs, IsNamed) = (work?.BeganNs ?? -1, work?.Step ?? "", TimeSpan.Zero, false);
            stage.IsHanging = false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(23, LogLevel.Warning, "the {Stage} hangs: for {Seconds} s at {Step}")]
        public static partial void Hangs(ILogger logger, string stage, double seconds, string step);

        [LoggerMessage(24, LogLevel.Information, "the {Stage} goes on after {Seconds} s at {Step}")]
        public static partial void Back(ILogger logger, string stage, double seconds, string step);
    }
}
