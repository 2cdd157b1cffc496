using Akka.Actor;
using Akka.TestKit;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies.Staged.Actors;
using Vla.Actors.Stages;
using Vla.Tests.Actors.Wiring;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Tests.Actors.Policies.Staged.Actors;

/// <summary>A vision encoder between two probes: what it asks of, and what it is asked by.</summary>
public abstract class VisionEncoderTestKit : PipelineTestKit
{
    protected VisionEncoderTestKit() => (Camera, Fusion) = (CreateTestProbe(), CreateTestProbe());

    protected TestProbe Camera { get; }

    protected TestProbe Fusion { get; }

    protected Task LoadedAsync() => AwaitAssertAsync(() => Assert.Equal(StageState.Running, Monitor.State));

    protected IActorRef StartEncoder(Func<Module<Tensor, Tensor>> create, IObservationSource? source = null) =>
        Start(VisionEncoderActor.Props(Setup, create, CPU, Camera, source));
}
