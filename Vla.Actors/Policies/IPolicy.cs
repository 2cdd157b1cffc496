using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Sensors.Images;
using static TorchSharp.torch;

namespace Vla.Actors.Policies;

/// <summary>What takes observations and gives action chunks: one of several families, started as actors.</summary>
/// <remarks>
/// It says what it wants and gives, names its own steps, and starts under a parent as whatever answers
/// <see cref="Ready"/> with <see cref="ActionDecoded"/>. Nothing else of it is known to those who drive a robot with
/// it.
/// </remarks>
public interface IPolicy
{
    /// <summary>The directory that it was read from; a name for one that has none.</summary>
    string Directory => Info.Name;

    /// <summary>What it says about itself.</summary>
    PolicyInfo Info { get; }

    /// <summary>
    /// How it is known that it is not trained, so that its actions mean nothing; null where nothing says so.
    /// </summary>
    string? Untrained => null;

    /// <summary>How large the pictures are that it wants, and how they are prepared.</summary>
    ImageSpec Image { get; }

    /// <summary>The same for one of several pictures, where they are not all alike.</summary>
    ImageSpec ImageOf(string picture) => Image;

    /// <summary>What they are called, in its order; null for one that takes whatever there is.</summary>
    IReadOnlyList<string>? Pictures => null;

    /// <summary>What it wants to know of the robot's own state; <see cref="StateSpec.None"/> for nothing.</summary>
    StateSpec State => StateSpec.None;

    /// <summary>What its actions mean, and how a chunk is carried out.</summary>
    ActionSpec Action { get; }

    /// <summary>Numbers that were learned and that it computes with; null where it does not say.</summary>
    long? Parameters => null;

    /// <summary>Whether <see cref="ActionSpec.StepMs"/> is known; a run has to be told otherwise.</summary>
    bool StepIsKnown => true;

    /// <summary>Between which values the actions of its training lay; null where it does not say.</summary>
    ActionRange? Range => null;

    /// <summary>What it does, in its order, after the picture was prepared.</summary>
    IReadOnlyList<PolicyStep> Steps { get; }

    /// <summary>What its heaviest part computes in on a device.</summary>
    PrecisionInForce PrecisionOn(Device device) => PrecisionInForce.On(device, Precision.Float32);

    /// <summary>Whether a person leads, by hand, and no model decides.</summary>
    bool IsByHand => false;

    /// <summary>
    /// Whether what it does depends on an instruction; one that takes no words acts without any, and the same whatever
    /// is said.
    /// </summary>
    bool TakesWords => true;

    /// <summary>
    /// What came from where of that which its directory leaves open, a line for each; empty for nothing.
    /// </summary>
    IReadOnlyList<string> Remarks => [];

    /// <summary>The same policy for a robot: what its directory leaves open is as the robot says.</summary>
    /// <exception cref="PolicyException">They do not go together, or something is still open.</exception>
    IPolicy Driving(RobotNaming robot) =>
        robot.GivenStepMs is null
            ? this
            : throw new PolicyException(
                $"{Directory}: says itself how far apart the actions of its chunks are ({Action.StepMs:0.###} ms): "
                    + "leave policyStepMs (--policy-step) out"
            );

    /// <summary>The same policy as somebody has chosen it, before it is told its robot.</summary>
    /// <exception cref="PolicyException">It has no such choice, or that is none of it.</exception>
    IPolicy Choosing(PolicyChoices choices)
    {
        choices.RequireOnly(Directory);
        return this;
    }

    /// <summary>What its vocabulary makes of an instruction; null for one that reads no words.</summary>
    InstructionWords? ReadWords(string instruction) => null;

    /// <summary>Starts its actors.</summary>
    /// <param name="parent">An actor system, or an actor's context: the parent of whatever is started.</param>
    /// <param name="host">Its neighbours and what it computes with.</param>
    /// <returns>Answers <see cref="Ready"/> with <see cref="ActionDecoded"/>.</returns>
    IActorRef Start(IActorRefFactory parent, PolicyHost host);
}
