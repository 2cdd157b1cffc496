using Akka.Actor;
using Vla.Actors.Control;
using Vla.Actors.Instructions;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Robots;
using Vla.Actors.Wiring;
using Vla.Runtime.Composition;
using Vla.Runtime.Settings;
using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Tasks;
using static TorchSharp.torch;

namespace Vla.Runtime.Simulation;

/// <summary>
/// Carries out episodes against the clock: the whole pipeline of <c>vla run --camera world</c>, in this process.
/// </summary>
/// <remarks>
/// Camera, stages, control loop and arm run on as they do in the daemon, from one episode to the next; a table is laid,
/// its instruction given, and the judge waited for. One episode at a time, and one of these in a process that measures:
/// they share the machine's cores.
/// </remarks>
internal sealed class RealTimeEpisodes : IAsyncDisposable
{
    /// <summary>
    /// So many actions come before the first episode, so that it does not measure compiling and loading.
    /// </summary>
    private const int WarmUpActions = 5;

    private const string WarmUpInstruction = "wait";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    private readonly HeadlessController _controller;
    private readonly SimulatedTabletop _tabletop;

    private RealTimeEpisodes(HeadlessController controller, SimulatedTabletop tabletop) =>
        (_controller, _tabletop) = (controller, tabletop);

    private ControlLoop Control => _controller.Controller.Control;

    private PipelineMonitors Monitors => _controller.Controller.Monitors;

    /// <summary>Starts the pipeline and waits until it acts.</summary>
    /// <param name="policy">What drives the arm; <see cref="ExpertPolicy.Name"/> as a policy directory is the caller's
    /// to read.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="options">As the daemon would be set.</param>
    /// <param name="cancellation">Ends the start.</param>
    /// <exception cref="PolicyException">The policy is not made for this arm, or a stage fails.</exception>
    public static Task<RealTimeEpisodes> StartAsync(
        IPolicy policy,
        Device device,
        RealTimeOptions options,
        CancellationToken cancellation
    ) => StartAsync(_ => policy, device, options, cancellation);

    /// <summary>The same with the scripted expert.</summary>
    public static Task<RealTimeEpisodes> StartWithExpertAsync(
        RealTimeOptions options,
        CancellationToken cancellation
    ) => StartAsync(tabletop => new ExpertPolicy(tabletop), CPU, options, cancellation);

    /// <summary>Carries out one episode.</summary>
    /// <param name="table">Handed over, as it is when the episode begins.</param>
    /// <param name="assignment">What is to be done on it, and in which words.</param>
    /// <param name="cancellation">Ends it, without a result.</param>
    /// <exception cref="PolicyException">A stage failed.</exception>
    public async Task<RealTimeOutcome> RunAsync(Tabletop table, Assignment assignment, CancellationToken cancellation)
    {
        var episodes = _tabletop.Episodes;
        var ended = new TaskCompletionSource<WorldReport>(TaskCreationOptions.RunContinuationsAsynchronously);
        var states = new List<Tabletop>();
        var before = Control.Snapshot();
        episodes.Looked = Keep;
        episodes.Changed = report =>
        {
            if (report.IsDecided)
                ended.TrySetResult(report);
        };
        try
        {
            episodes.Begin(table, assignment);
            var first = await Task.WhenAny(ended.Task, _controller.Hung).WaitAsync(cancellation);
            if (first == _controller.Hung)
                throw new HangException(await _controller.Hung);
            var report = await ended.Task;
            ThrowIfBroken();
            var after = Control.Snapshot();
            return new RealTimeOutcome(
                report.Judgement,
                report.Reason,
                report.Seconds,
                states,
                after.Chunks.Begun - before.Chunks.Begun,
                after.Chunks.Actions - before.Chunks.Actions,
                after.SkippedTicks - before.SkippedTicks
            );
        }
        finally
        {
            (episodes.Looked, episodes.Changed) = (null, null);
        }

        void Keep(Tabletop now)
        {
            if (
                now.Seed == table.Seed
                && (states.Count == 0 || now.Seconds - states[^1].Seconds >= WorldAction.StepSeconds - 1e-9)
            )
                states.Add(now.Clone());
        }
    }

    public ValueTask DisposeAsync() => _controller.DisposeAsync();

    private static async Task<RealTimeEpisodes> StartAsync(
        Func<Func<SimulatedTabletop>, IPolicy> create,
        Device device,
        RealTimeOptions options,
        CancellationToken cancellation
    )
    {
        SimulatedTabletop? tabletop = null;
        var policy = create(() => tabletop!).Driving(TabletopFit.Naming);
        options.Profile.RequireFits(policy.Action);
        TabletopFit.RequireWords(policy);
        var time = TimeProvider.System;
        var instructions = new InstructionBoard(time);
        // In force from the start, and past the check: it need not mean anything, not even to the policy.
        instructions.Give(WarmUpInstruction);
        tabletop = new SimulatedTabletop(options.World, policy, instructions, time);
        var arm = new RobotConnection(tabletop.Robot(), time);
        arm.State = RobotStates.ReaderOf(arm, options.Profile, time, options.Control.RateHz);
        arm.Connect(cancellation);
        var takesState = policy.State.Dimensions > 0;
        var controller = await HeadlessController.StartAsync(
            new ControllerParts
            {
                Policy = policy,
                Device = device,
                Profile = options.Profile,
                Control = options.Control with { ResumeAfterStop = ResumeAfterStop.Automatic },
                Outputs = [arm],
                Cameras =
                [
                    .. TabletopFit
                        .Views(policy)
                        .Select(view => new CameraParts(
                            view.Name,
                            () => tabletop.OpenCamera(options.Camera with { View = view.View })
                        )),
                ],
                State = arm.State,
                PolicyTakesState = takesState,
                PolicyState = takesState ? RobotStates.Select(arm.State!, policy.State) : null,
                Robot = arm,
                Instructions = instructions,
                Scene = tabletop.Episodes.Answer,
                Threads = options.Threads,
                Time = time,
            },
            cancellation
        );
        var started = new RealTimeEpisodes(controller, tabletop);
        try
        {
            await started.WarmUpAsync(cancellation);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    private async Task WarmUpAsync(CancellationToken cancellation)
    {
        _tabletop.Episodes.Start(
            Control,
            text => _controller.Instructions.Tell(new GiveInstruction(text), ActorRefs.NoSender)
        );
        Control.Start();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            while (Monitors.Last.Processed < WarmUpActions)
            {
                ThrowIfBroken();
                await Task.Delay(Glance, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new PolicyException(
                $"the policy gave {Monitors.Last.Processed} actions within {Patience.TotalSeconds:0} s"
            );
        }
    }

    private void ThrowIfBroken()
    {
        if (_controller.Hung.IsCompleted)
            throw new HangException(_controller.Hung.Result);
        if (Monitors.Camera.LastError is { } lost)
            throw new PolicyException($"the simulated camera failed: {lost}");
        if (Monitors.Stages.FirstOrDefault(stage => stage.LastError is not null) is { } broken)
            throw new PolicyException($"the {broken.Name} failed: {broken.LastError}");
    }
}

/// <summary>How episodes are carried out against the clock.</summary>
internal sealed record RealTimeOptions
{
    /// <summary>The arm's dimensions and limits.</summary>
    public required RobotProfile Profile { get; init; }

    public ControlOptions Control { get; init; } = new();

    public WorldCameraSource Camera { get; init; } = new();

    /// <summary>How long an attempt may take; level and seed are those of the table before the first episode.</summary>
    public WorldSettings World { get; init; } = new();

    public StageThreads Threads { get; init; } = new ThreadSettings().ForThisMachine();
}

/// <summary>How an episode against the clock has ended.</summary>
/// <param name="Judgement">Succeeded, failed or timed out.</param>
/// <param name="Reason">The judge's words when it failed; otherwise empty.</param>
/// <param name="Seconds">How long it took from the instruction on, in the world's time.</param>
/// <param name="States">The table about every 0.1 s, to be looked at.</param>
/// <param name="Chunks">Action chunks of which something was published meanwhile.</param>
/// <param name="Actions">Their actions that were published.</param>
/// <param name="SkippedTicks">Control periods without a tick: the machine was too busy.</param>
internal sealed record RealTimeOutcome(
    Judgement Judgement,
    string Reason,
    double Seconds,
    IReadOnlyList<Tabletop> States,
    long Chunks,
    long Actions,
    long SkippedTicks
)
{
    public bool Succeeded => Judgement == Judgement.Succeeded;
}
