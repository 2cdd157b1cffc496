using Akka.Actor;
using OpenCvSharp;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Wiring;
using Vla.Runtime.Policies;
using Vla.Sensors;
using Vla.Sensors.Cameras;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;

namespace Vla.Runtime.Bench;

/// <summary>
/// Stands in for cameras, words and publisher before a policy: <see cref="NextChunk"/> in, an
/// <see cref="ActionChunk"/> or <see cref="NoChunk"/> out, one at a time.
/// </summary>
internal sealed class AskingActor : UntypedActor
{
    private const int PictureWidth = 640;
    private const int PictureHeight = 480;

    private readonly PolicyParts _parts;
    private readonly StagesFront _front;
    private readonly IReadOnlyList<string> _names;
    private readonly (ImagePreparation Preparation, FramePool Frames)[] _cameras;
    private readonly Mat _picture = new(PictureHeight, PictureWidth, MatType.CV_8UC3);
    private IActorRef _last = ActorRefs.Nobody;
    private IActorRef? _asker;
    private long _sequence;

    public AskingActor(PolicyParts parts, string words)
    {
        _parts = parts;
        _front = new StagesFront(parts.Policy.TakesWords);
        _front.Say(words);
        _names = parts.Policy.Pictures ?? [PictureNames.Unnamed];
        _cameras =
        [
            .. _names.Select(parts.Policy.ImageOf).Select(image => (new ImagePreparation(image), new FramePool(image))),
        ];
        Cv2.Randu(_picture, new Scalar(0, 0, 0), new Scalar(256, 256, 256));
    }

    public static Props Props(PolicyParts parts, string words) =>
        Akka.Actor.Props.Create(() => new AskingActor(parts, words));

    protected override void PreStart() => _last = _parts.Start(Context, Self, Self);

    protected override void PostStop()
    {
        foreach (var (preparation, _) in _cameras)
            preparation.Dispose();
        _picture.Dispose();
    }

    protected override SupervisorStrategy SupervisorStrategy() =>
        new OneForOneStrategy(exception =>
        {
            Self.Tell(new NoChunk(exception.Message));
            return Directive.Stop;
        });

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case NextChunk:
                _asker = Sender;
                _last.Tell(Ready.Once);
                Show();
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
                Answer(decoded.Chunk);
                break;

            case NoChunk:
                Answer(message);
                break;

            default:
                Unhandled(message);
                break;
        }
    }

    private void Show()
    {
        if (_asker is null || _front.Take() is not { } first)
            return;
        _sequence++;
        var state = _parts.Policy.State;
        Frame[] frames = [.. _cameras.Select(camera => Film(camera.Preparation, camera.Frames))];
        first.Tell(
            new ObservationCaptured(
                new Observation(_names, frames)
                {
                    State = state.Dimensions == 0 ? null : Average(state),
                    Instruction = _front.Words!.Text,
                    InstructionNumber = _front.Words.Number,
                }
            )
        );
    }

    private RobotReading Average(StateSpec state) => new(state.Names, [.. state.Mean], _parts.Time.NowNs());

    private Frame Film(ImagePreparation preparation, FramePool frames)
    {
        var frame = frames.Rent();
        frame.Sequence = _sequence;
        frame.CapturedNs = _parts.Time.NowNs();
        preparation.Prepare(_picture, frame.Pixels);
        frame.PreparedNs = _parts.Time.NowNs();
        return frame;
    }

    private void Answer(object answer)
    {
        _asker?.Tell(answer);
        _asker = null;
    }
}

/// <summary>Asks for a chunk.</summary>
internal sealed record NextChunk
{
    public static readonly NextChunk Instance = new();
}

/// <summary>The answer when a stage failed.</summary>
/// <param name="Why">In its own words.</param>
internal sealed record NoChunk(string Why);
