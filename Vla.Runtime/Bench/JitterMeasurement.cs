using Vla.Actors.Control;
using Vla.Sensors;

namespace Vla.Runtime.Bench;

/// <summary>
/// How far the control loop's ticks are off their deadlines while the policy runs as fast as it can, next to .NET's
/// <see cref="PeriodicTimer"/> and Akka's scheduler.
/// </summary>
/// <remarks>
/// All three tick at the same rate in the same process at the same time, so they have the same load and the same noise
/// around them. The loop does its whole work at each tick, the others only look at the clock.
/// </remarks>
internal sealed class JitterMeasurement : IMeasurement
{
    /// <summary>Rates that are measured, Hz.</summary>
    public static IReadOnlyList<double> Rates { get; } = [50, 200, 500];

    private const long OnTimeNs = MonotonicTime.NsPerMs / 2;

    public string Name => "jitter";

    public double Share => Rates.Count;

    public async Task RunAsync(BenchContext context, BenchReport report)
    {
        var figures = new List<JitterFigures>();
        foreach (var hz in Rates)
            figures.Add(await MeasureAsync(context, hz));
        report.Jitter = figures;
    }

    private static async Task<JitterFigures> MeasureAsync(BenchContext context, double hz)
    {
        var clock = new WatchedClock(new ControlClock());
        using var load = new FullLoad();
        await using var pipeline = await BenchPipeline.StartAsync(
            context,
            load.Parts(context) with
            {
                RateHz = hz,
                Clock = clock,
            }
        );
        await pipeline.WarmUpAsync();

        context.Say($"{hz:0} Hz under full load", context.Seconds);
        var period = TimeSpan.FromSeconds(1 / hz);
        var capacity = (int)(hz * context.Seconds * 1.5) + 100;
        var skippedBefore = pipeline.Control.Snapshot().SkippedTicks;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.Cancellation);

        clock.Record(capacity);
        var timerTicks = new TickRecorder(hz, clock.NowNs + Ns(period), capacity);
        var timer = Task.Run(() => TickAsync(period, timerTicks, end.Token), CancellationToken.None);
        var akkaTicks = new TickRecorder(hz, clock.NowNs + Ns(period), capacity);
        // An action on the scheduler's own thread: a timer of an actor would add a message to it.
        using var akka = new Akka.Actor.Cancelable(pipeline.System.Scheduler.Advanced);
        pipeline.System.Scheduler.Advanced.ScheduleRepeatedly(
            period,
            period,
            () => akkaTicks.Tick(TimeProvider.System.NowNs()),
            akka
        );

        await context.WaitAsync(context.Seconds);

        var skipped = pipeline.Control.Snapshot().SkippedTicks - skippedBefore;
        var control = clock.Read();
        akka.Cancel();
        await end.CancelAsync();
        await timer;
        pipeline.ThrowIfBroken();
        return new JitterFigures(hz)
        {
            ControlClockP50Us = Us(control.PercentileNs(50)),
            ControlClockP99Us = Us(control.PercentileNs(99)),
            ControlClockMaxUs = Us(control.MaximumNs),
            ControlClockOnTimePercent = 100.0 * control.CountWithin(OnTimeNs) / (control.Count + skipped),
            PeriodicTimerP99Us = Us(timerTicks.Read().PercentileNs(99)),
            AkkaSchedulerP99Us = Us(akkaTicks.Read().PercentileNs(99)),
            Skipped = skipped,
            Scheduling = pipeline.Control.Snapshot().Scheduling,
        };
    }

    private static async Task TickAsync(TimeSpan period, TickRecorder ticks, CancellationToken end)
    {
        using var timer = new PeriodicTimer(period);
        try
        {
            while (await timer.WaitForNextTickAsync(end))
                ticks.Tick(TimeProvider.System.NowNs());
        }
        catch (OperationCanceledException)
        {
            // The measurement is over.
        }
    }

    private static long Ns(TimeSpan time) => time.Ticks * TimeSpan.NanosecondsPerTick;

    private static double Us(long ns) => ns / (double)MonotonicTime.NsPerUs;
}
