using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Robots;
using Vla.Actors.Stages;
using Vla.Actors.Wiring;
using Vla.Sensors.Cameras;
using Vla.Sensors.Observations;

namespace Vla.Runtime.Bench;

/// <summary>The real pipeline and control loop for one measurement, wired as the daemon wires them.</summary>
/// <remarks>What may differ is the camera, the modules where a measurement wants stand-ins, and the robot.</remarks>
internal sealed class BenchPipeline : IAsyncDisposable
{
    private const int WarmUpFrames = 30;
    private const int PatienceSeconds = 60;
    private static readonly TimeSpan StopBound = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    private readonly IHost _host;
    private readonly PicturePace? _pace;
    private readonly BenchContext _context;
    private readonly HangWatch _hangs;
    private volatile string? _hang;

    private BenchPipeline(IHost host, BenchContext context, BenchParts parts, PipelineParts pipeline)
    {
        _host = host;
        _context = context;
        _pace = parts.Pace;
        Control = pipeline.Control;
        Monitors = pipeline.Monitors;
        _hangs = new HangWatch(Monitors.Stages, new HangLimits(), TimeProvider.System, NullLogger.Instance, hang => _hang = hang);
        _hangs.Start();
    }

    public ControlLoop Control { get; }

    public PipelineMonitors Monitors { get; }

    /// <summary>Actions decoded so far.</summary>
    public long Decoded => Monitors.Last.Processed;

    public ActorSystem System => _host.Services.GetRequiredService<ActorSystem>();

    public IActorRef Instructions => _host.Services.GetRequiredService<IRequiredActor<InstructionActor>>().ActorRef;

    public static async Task<BenchPipeline> StartAsync(BenchContext context, BenchParts parts)
    {
        var time = TimeProvider.System;
        var policy = parts.Policy ?? context.Policy;
        var instructions = new InstructionBoard(time);
        instructions.Give(BenchContext.Instruction);
        var options = new ControlOptions
        {
            RateHz = parts.RateHz,
            MaximumActionAgeMs = ControlOptions.LongestMs,
            // No robot is moved: what is measured is never to wait for somebody.
            ResumeAfterStop = ResumeAfterStop.Automatic,
            AtLimitsMs = 0,
            RealTime = context.RealTime,
        };
        var pipeline = new PipelineParts
        {
            Policy = parts.Modules is { } modules ? policy.With(modules) : policy,
            Device = context.Device,
            Cameras = [new CameraParts(PictureNames.Unnamed, parts.OpenCamera, new FramePool(policy.Image))],
            Instructions = instructions,
            Control = new ControlLoop(Profile(policy.Action), options, parts.Robot is null ? [] : [parts.Robot], parts.Clock ?? new ControlClock()),
            Monitors = new PipelineMonitors(time, policy.Steps),
            Threads = parts.Threads ?? context.Threads,
            Time = time,
            Loggers = NullLoggerFactory.Instance,
        };

        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddAkka("vla", akka => akka
            .ConfigureLoggers(loggers => loggers.ClearLoggers().AddLoggerFactory())
            .WithVlaPipeline(pipeline));
        var started = new BenchPipeline(builder.Build(), context, parts, pipeline);
        await started._host.StartAsync(context.Cancellation);
        started.Control.Start();
        return started;
    }

    /// <summary>Waits until the code is compiled, the memory is there and pictures flow.</summary>
    public async Task WarmUpAsync()
    {
        await UntilDecodedAsync(WarmUpFrames);
        await Task.Delay(WarmUp, _context.Cancellation);
    }

    /// <summary>Waits until so many actions were decoded.</summary>
    public async Task UntilDecodedAsync(long count)
    {
        for (var patience = PatienceSeconds * 20; Decoded < count; patience--)
        {
            ThrowIfBroken();
            if (patience == 0) throw new BenchException($"the pipeline gave {Decoded} of {count} actions within {PatienceSeconds} s");
            await Task.Delay(50, _context.Cancellation);
        }
    }

    /// <exception cref="BenchException">A stage failed meanwhile, so the figures mean nothing.</exception>
    public void ThrowIfBroken()
    {
        if (_hang is { } hang) throw new HangException(hang);
        if (Monitors.Stages.FirstOrDefault(stage => stage.Restarts > 0 || stage.LastError is not null) is { } broken)
            throw new BenchException($"the {broken.Name} failed during the measurement: {broken.LastError}");
    }

    public async ValueTask DisposeAsync()
    {
        Control.Dispose();
        _hangs.Dispose();
        _pace?.End();
        // A stage that hangs keeps the host from ending; then both are left to the end of the process.
        var stopped = _host.StopAsync(CancellationToken.None);
        if (await Task.WhenAny(stopped, Task.Delay(StopBound)) != stopped) return;
        await stopped;
        _host.Dispose();
    }

    /// <summary>Limits are on, as on a robot, and so wide that they change nothing.</summary>
    private static RobotProfile Profile(ActionSpec action) => new("bench", limitsEnabled: true,
    [
        .. action.Names.Zip(action.Units, (name, unit) => new RobotDimension
        {
            Name = name,
            Unit = unit,
            Minimum = -1e6f,
            Maximum = 1e6f,
            MaximumRate = 1e9f,
            MaximumAcceleration = 1e12f,
            Hold = HoldBehaviour.Zero,
        }),
    ]);
}

/// <summary>What a measurement wants different from the daemon.</summary>
internal sealed record BenchParts
{
    public required Func<ICamera> OpenCamera { get; init; }

    /// <summary>Ended before the actors are, so that the camera's thread can end.</summary>
    public PicturePace? Pace { get; init; }

    public double RateHz { get; init; } = 50;

    /// <summary>Null for the context's.</summary>
    public StagedPolicy? Policy { get; init; }

    public PolicyModules? Modules { get; init; }

    /// <summary>Null for the context's.</summary>
    public StageThreads? Threads { get; init; }

    public IActionOutput? Robot { get; init; }

    public IControlClock? Clock { get; init; }
}
