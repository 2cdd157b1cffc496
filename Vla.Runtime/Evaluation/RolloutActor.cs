using Akka.Actor;
using OpenCvSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Chunks;
using Vla.Actors.Control;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Torch;
using Vla.Runtime.Policies;
using Vla.Sensors.Cameras;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;
using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Drawing;
using Failure = Akka.Actor.Status.Failure;

namespace Vla.Runtime.Evaluation;

/// <summary>
/// Stands in for camera, instruction, publisher and robot at once and so moves the stages on step by step:
/// <see cref="RunEpisode"/> in, <see cref="EpisodeResult"/> out.
/// </summary>
/// <remarks>
/// To the stages it says and answers what those actors would: <see cref="Ready"/>, <see cref="ObservationCaptured"/>,
/// <see cref="InstructionChanged"/>, <see cref="ActionDecoded"/>. No picture meets the words of the episode before (see
/// <see cref="StagesFront"/>). The stages are its children: one that fails is stopped, and so ends the episode; an
/// evaluation does not go on with what remains.
/// </remarks>
internal sealed class RolloutActor : UntypedActor
{
    /// <summary>The live camera's picture.</summary>
    private const int PictureWidth = 640;
    private const int PictureHeight = 480;

    private readonly Func<IActorRefFactory, IActorRef, IActorRef> _startStages;
    private readonly IReadOnlyList<string> _names;
    private readonly View[] _views;
    private readonly StateAsSeen _state;
    private readonly int _execute;
    private readonly StagesFront _front;
    private readonly ChunkEnsemble? _ensemble;
    private readonly Mat _picture = new();
    private IActorRef _decoder = ActorRefs.Nobody;
    private bool _pictureDue;
    private long _pictures;
    private IActorRef? _asker;
    private Rollout? _rollout;
    private Exception? _failure;

    /// <param name="startStages">Given a parent and this actor, starts the stages and gives the decoder.</param>
    /// <param name="views">The cameras whose pictures the policy wants, in its order.</param>
    /// <param name="imageOf">How it wants each.</param>
    /// <param name="state">What the policy wants of the arm's state.</param>
    /// <param name="execution">How many actions of a chunk are carried out before the next one is asked for, and the
    /// blend.</param>
    /// <param name="takesWords">Whether the stages ask for the instruction before they work.</param>
    public RolloutActor(
        Func<IActorRefFactory, IActorRef, IActorRef> startStages,
        IReadOnlyList<(string Name, WorldView View)> views,
        Func<string, ImageSpec> imageOf,
        StateAsSeen state,
        ChunkExecution execution,
        bool takesWords = true
    )
    {
        (_startStages, _state, _front) = (startStages, state, new StagesFront(takesWords));
        // The freshest plan all the time is, step by step, a new one for every step.
        _execute = execution.Execute ?? 1;
        if (execution.Blend == ChunkBlend.Ensemble)
        {
            var asByDefault = new ControlOptions();
            var limit = new ChunkAgeLimit(asByDefault.MaximumActionAgeMs, asByDefault.MaximumChunkAgeMs, execution);
            _ensemble = new ChunkEnsemble(WorldAction.Dimensions, execution, limit);
        }

        _names = [.. views.Select(view => view.Name)];
        _views =
        [
            .. views.Select(view => new View(
                new TabletopRenderer(PictureWidth, PictureHeight, view.View),
                new FramePool(imageOf(view.Name))
            )),
        ];
    }

    public static Props Props(
        Func<IActorRefFactory, IActorRef, IActorRef> startStages,
        IReadOnlyList<(string Name, WorldView View)> views,
        Func<string, ImageSpec> imageOf,
        StateAsSeen state,
        ChunkExecution execution,
        bool takesWords = true
    ) => Akka.Actor.Props.Create(() => new RolloutActor(startStages, views, imageOf, state, execution, takesWords));

    protected override void PreStart() => _decoder = _startStages(Context, Self);

    protected override void PostStop()
    {
        foreach (var view in _views)
            view.Dispose();
        _picture.Dispose();
    }

    protected override SupervisorStrategy SupervisorStrategy() =>
        new OneForOneStrategy(exception =>
        {
            Self.Tell(new StageFailed(exception));
            return Directive.Stop;
        });

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RunEpisode when _failure is not null:
                Sender.Tell(new Failure(_failure));
                break;

            case RunEpisode run:
                _asker = Sender;
                _rollout = new Rollout(run.Episode);
                _front.Say(run.Episode.Assignment.Instruction);
                AskForActions();
                break;

            case InstructionWanted wanted:
                _front.Wanted(wanted, Sender);
                Show();
                break;

            case Ready:
                _front.Ready(Sender);
                Show();
                break;

            case ActionDecoded decoded:
                Act(decoded.Chunk);
                break;

            case HangException hang:
                Fail(hang);
                break;

            case StageFailed failed:
                Fail(failed.Reason);
                break;

            default:
                Unhandled(message);
                break;
        }
    }

    private void AskForActions()
    {
        _pictureDue = true;
        _decoder.Tell(Ready.Once);
        Show();
    }

    private void Show()
    {
        if (!_pictureDue || _rollout is not { } rollout || _front.Take() is not { } vision)
            return;
        _pictures++;
        Frame[] frames = [.. _views.Select(view => Film(view, rollout))];
        vision.Tell(
            new ObservationCaptured(
                new Observation(_names, frames)
                {
                    State = _state.Of(rollout.Table, NowNs(rollout)),
                    Instruction = rollout.Episode.Assignment.Instruction,
                    InstructionNumber = _front.Words!.Number,
                }
            )
        );
    }

    private Frame Film(View view, Rollout rollout)
    {
        view.Renderer.Draw(rollout.Table, _picture);
        var frame = view.Frames.Rent();
        view.Preparation.Prepare(_picture, frame.Pixels);
        frame.Sequence = _pictures;
        frame.CapturedNs = frame.PreparedNs = NowNs(rollout);
        return frame;
    }

    private void Act(ActionChunk chunk)
    {
        if (_rollout is not { } rollout)
            return;
        if (chunk.Values.Length != chunk.Horizon * WorldAction.Dimensions)
        {
            Fail(
                new PolicyException(
                    $"the policy gave {chunk.Values.Length} values where {chunk.Horizon} × {WorldAction.Dimensions} "
                        + "were due"
                )
            );
            return;
        }

        if (Array.Exists(chunk.Values, value => !float.IsFinite(value)))
        {
            Fail(
                new PolicyException(
                    $"the policy gave values that are not numbers (episode {rollout.Episode.Number}, world seed "
                        + $"{rollout.Episode.WorldSeed})"
                )
            );
            return;
        }

        _pictureDue = false;
        _ensemble?.Add(chunk);
        for (var i = 0; i < Math.Min(_execute, chunk.Horizon); i++)
        {
            rollout.Step(
                WorldAction.From(
                    _ensemble is null
                        ? chunk.Values.AsSpan(i * WorldAction.Dimensions, WorldAction.Dimensions)
                        : _ensemble.Due(NowNs(rollout))
                )
            );
        }

        if (rollout.IsOver)
            Answer(rollout.Result());
        else
            AskForActions();
    }

    private static long NowNs(Rollout rollout) => rollout.Table.Quanta * Tabletop.QuantumNs;

    private void Fail(Exception reason)
    {
        _failure = reason is PolicyException or CheckpointException or DeviceException
            ? reason
            : new PolicyException($"the policy failed: {reason.Message.ReplaceLineEndings(" ")}", reason);
        Answer(new Failure(_failure));
    }

    private void Answer(object answer)
    {
        _rollout = null;
        _asker?.Tell(answer);
        _asker = null;
    }

    private sealed record StageFailed(Exception Reason);

    private sealed record View(TabletopRenderer Renderer, FramePool Frames) : IDisposable
    {
        public ImagePreparation Preparation { get; } = new(Frames.Spec);

        public void Dispose()
        {
            Renderer.Dispose();
            Preparation.Dispose();
        }
    }
}

/// <summary>Asks for an episode; the answer is its <see cref="EpisodeResult"/>, or <see cref="Failure"/>.</summary>
internal sealed record RunEpisode(Episode Episode);
