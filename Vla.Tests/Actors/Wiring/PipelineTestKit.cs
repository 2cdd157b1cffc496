using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Microsoft.Extensions.Logging.Abstractions;
using TorchSharp;
using Vla.Actors.Pipeline;
using Vla.Actors.Scheduling;
using Vla.Actors.Stages;
using Vla.Actors.Wiring;
using Vla.Sensors.Cameras;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Wiring;

/// <summary>An actor system set up as the daemon's, with what the specs of single actors share.</summary>
public abstract class PipelineTestKit : TestKit
{
    /// <summary>A picture of 2 × 2 pixels is enough to follow one through the pipeline.</summary>
    protected static readonly ImageSpec TinyImage = new(2, 2, [0f, 0f, 0f], [1f, 1f, 1f]);

    /// <summary>Timers stand still until a spec advances them.</summary>
    protected const string TestScheduling =
        """akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit" """;

    protected PipelineTestKit()
        : this("") { }

    /// <param name="config">HOCON that goes before the daemon's.</param>
    protected PipelineTestKit(string config)
        : base(config + "\n" + PipelineConfig.Hocon) { }

    protected FramePool Pool { get; } = new(TinyImage);

    protected StageMonitor Monitor { get; } = new("stage", TimeProvider.System);

    /// <summary>What runs where is decided as in production.</summary>
    private protected StageScheduling Threads { get; } = StageScheduling.Tuned();

    protected StageSetup Setup => new(Monitor, TimeProvider.System, 1, NullLogger.Instance) { Scheduling = Threads };

    /// <summary>The clock of <see cref="TestScheduling"/>.</summary>
    protected TestScheduler Scheduler => (TestScheduler)Sys.Scheduler;

    /// <summary>Whoever answers this has handled everything that came before it.</summary>
    protected static Task HandledAsync(IActorRef actor) => actor.Ask<ActorIdentity>(new Identify(1));

    /// <summary>Whoever was sent something by these actors would have got it by now, and has got nothing.</summary>
    /// <remarks>
    /// No time passes for nothing: each actor handles all that came before, and what it said to itself meanwhile; what
    /// it sent then lies in the receiver's mailbox in front of a message of ours.
    /// </remarks>
    protected static async Task HearsNothingAsync(TestKitBase receiver, params IReadOnlyList<IActorRef> from)
    {
        for (var round = 0; round < 2; round++)
        {
            foreach (var actor in from)
                await HandledAsync(actor);
        }

        var last = new NothingElse();
        receiver.TestActor.Tell(last);
        Assert.Same(last, await receiver.ExpectMsgAsync<NothingElse>());
    }

    /// <summary>Throws away what was sent to a receiver until now.</summary>
    protected static async Task ForgetReceivedAsync(TestKitBase receiver)
    {
        var last = new NothingElse();
        receiver.TestActor.Tell(last);
        await receiver.FishForMessageAsync(message => ReferenceEquals(message, last));
    }

    /// <summary>An observation of one frame whose every value is <paramref name="value"/>.</summary>
    protected ObservationCaptured Captured(long sequence, float value = 1f)
    {
        var frame = Pool.Rent();
        frame.Sequence = sequence;
        frame.CapturedNs = sequence * 1_000;
        frame.PreparedNs = sequence * 1_000 + 1;
        frame.Pixels.AsSpan().Fill(value);
        return new ObservationCaptured(new Observation([PictureNames.Unnamed], frame));
    }

    protected static Tensor Features(float value) => torch.full(1, 2, value).DetachFromDisposeScope();

    protected IActorRef Start(Props props) => Sys.ActorOf(Threads.Place(props));

    /// <summary>The message behind all that could have come.</summary>
    private sealed class NothingElse;
}
