using Akka.Actor;
using Vla.Actors.Pipeline;

namespace Vla.Actors.Wiring;

/// <summary>A running pipeline's actors.</summary>
/// <param name="Observations">Is told <see cref="Ready"/>, answers <see cref="ObservationCaptured"/>.</param>
/// <param name="Cameras">One for each camera, in the order of <see cref="PipelineParts.Cameras"/>.</param>
/// <param name="Instructions">Is told <see cref="GiveInstruction"/>.</param>
/// <param name="Publisher">Takes the policy's actions to the control loop.</param>
public sealed record PipelineActors(
    IActorRef Observations,
    IReadOnlyList<IActorRef> Cameras,
    IActorRef Instructions,
    IActorRef Publisher
);
