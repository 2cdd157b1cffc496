using Akka.Actor;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Robots;
using Vla.Actors.Scheduling;
using Vla.Actors.Wiring;
using Vla.Runtime.Composition;
using Vla.Sensors.Cameras;
using Vla.Sensors.Observations;

namespace Vla.Runtime.Bench;

/// <summary>The real pipeline and control loop for one measurement, wired as the daemon wires them.</summary>
/// <remarks>What may differ is the camera, the modules where a measurement wants stand-ins, and the robot.</remarks>
internal sealed class BenchPipeline : IAsyncDisposable
{
    private const int WarmUpFrames = 30;
    private const int PatienceSeconds = 60;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    private readonly HeadlessController _controller;
    private readonly PicturePace? _pace;
    private readonly BenchContext _context;

    private BenchPipeline(HeadlessController controller, BenchContext context, BenchParts parts) =>
        (_controller, _context, _pace) = (controller, context, parts.Pace);

    public ControlLoop Control => _controller.Controller.Control;

    public PipelineMonitors Monitors => _controller.Controller.Monitors;

    /// <summary>Actions decoded so far.</summary>
    public long Decoded => Monitors.Last.Processed;

    public ActorSystem System => _controller.System;

    public IActorRef Instructions => _controller.Instructions;

    public static async Task<BenchPipeline> StartAsync(BenchContext context, BenchParts parts)
    {
        var policy = parts.Policy ?? context.Policy;
        var instructions = new InstructionBoard(TimeProvider.System);
        instructions.Give(BenchContext.Instruction);
        var controller = await HeadlessController.StartAsync(
            new ControllerParts
            {
                Policy = parts.Modules is { } modules ? policy.With(modules) : policy,
                Device = context.Device,
                Profile = Profile(policy.Action),
                Control = new ControlOptions
                {
                    RateHz = parts.RateHz,
                    MaximumActionAgeMs = ControlOptions.LongestMs,
                    // No robot is moved: what is measured is never to wait for somebody.
                    ResumeAfterStop = ResumeAfterStop.Automatic,
                    AtLimitsMs = 0,
                    RealTime = context.RealTime,
                },
                Outputs = parts.Robot is null ? [] : [parts.Robot],
                Cameras = [new CameraParts(PictureNames.Unnamed, parts.OpenCamera)],
                Instructions = instructions,
                Threads = parts.Threads ?? context.Threads,
                Scheduling = StageScheduling.Of(context.Scheduling),
                Clock = parts.Clock,
            },
            context.Cancellation
        );
        var started = new BenchPipeline(controller, context, parts);
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
            if (patience == 0)
                throw new BenchException($"the pipeline gave {Decoded} of {count} actions within {PatienceSeconds} s");
            await Task.Delay(50, _context.Cancellation);
        }
    }

    /// <exception cref="BenchException">A stage failed meanwhile, so the figures mean nothing.</exception>
    public void ThrowIfBroken()
    {
        if (_controller.Hung.IsCompleted)
            throw new HangException(_controller.Hung.Result);
        if (Monitors.Stages.FirstOrDefault(stage => stage.Restarts > 0 || stage.LastError is not null) is { } broken)
            throw new BenchException($"the {broken.Name} failed during the measurement: {broken.LastError}");
    }

    public async ValueTask DisposeAsync()
    {
        _pace?.End();
        await _controller.DisposeAsync();
    }

    /// <summary>Limits are on, as on a robot, and so wide that they change nothing.</summary>
    private static RobotProfile Profile(ActionSpec action) =>
        new(
            "bench",
            limitsEnabled: true,
            [
                .. action.Names.Zip(
                    action.Units,
                    (name, unit) =>
                        new RobotDimension
                        {
                            Name = name,
                            Unit = unit,
                            Minimum = -1e6f,
                            Maximum = 1e6f,
                            MaximumRate = 1e9f,
                            MaximumAcceleration = 1e12f,
                            Hold = HoldBehaviour.Zero,
                        }
                ),
            ]
        );
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
