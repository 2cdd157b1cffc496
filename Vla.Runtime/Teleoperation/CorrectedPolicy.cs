using Akka.Actor;
using Vla.Actors.Policies;
using Vla.Sensors.Images;
using static TorchSharp.torch;

namespace Vla.Runtime.Teleoperation;

/// <summary>A policy that somebody corrects while it runs.</summary>
/// <param name="policy">The policy.</param>
/// <param name="feed">Who corrects it.</param>
internal sealed class CorrectedPolicy(IPolicy policy, TeleopFeed feed) : IPolicy
{
    public string Directory => policy.Directory;

    public PolicyInfo Info => policy.Info;

    public string? Untrained => policy.Untrained;

    public ImageSpec Image => policy.Image;

    public IReadOnlyList<string>? Pictures => policy.Pictures;

    public StateSpec State => policy.State;

    public ActionSpec Action => policy.Action;

    public long? Parameters => policy.Parameters;

    public bool StepIsKnown => policy.StepIsKnown;

    public ActionRange? Range => policy.Range;

    public IReadOnlyList<PolicyStep> Steps => policy.Steps;

    public bool TakesWords => policy.TakesWords;

    public IReadOnlyList<string> Remarks => policy.Remarks;

    public ImageSpec ImageOf(string picture) => policy.ImageOf(picture);

    public PrecisionInForce PrecisionOn(Device device) => policy.PrecisionOn(device);

    public IPolicy Driving(RobotNaming robot) => new CorrectedPolicy(policy.Driving(robot), feed);

    public InstructionWords? ReadWords(string instruction) => policy.ReadWords(instruction);

    public IActorRef Start(IActorRefFactory parent, PolicyHost host)
    {
        var corrected = policy.Start(parent, host);
        return parent.ActorOf(
            host.Scheduling.Place(
                Props.Create(() => new TeleopActor(feed, corrected, host.Instructions, null, host.Time))
            ),
            "corrections"
        );
    }
}
