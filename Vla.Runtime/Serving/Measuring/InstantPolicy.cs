using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies;
using Vla.Actors.Stages;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;

namespace Vla.Runtime.Serving.Measuring;

/// <summary>A policy of one 224 × 224 picture and words that has its answer ready.</summary>
/// <param name="takesState">Whether it wants eight numbers of state, too.</param>
internal sealed class InstantPolicy(bool takesState) : IPolicy
{
    private const int Side = 224;
    private const int States = 8;
    private const int Actions = 7;
    private const int Horizon = 10;
    private const double StepMs = 50;

    public PolicyInfo Info { get; } =
        new()
        {
            Name = "instant",
            Description = "",
            Trained = null,
            Note = "",
            StageTypes = new Dictionary<string, string>(),
        };

    public ImageSpec Image { get; } = new(Side, Side, [0, 0, 0], [1, 1, 1]);

    public IReadOnlyList<string> Pictures { get; } = ["image"];

    public StateSpec State { get; } =
        takesState
            ? new([.. Names("s", States)], [.. Ones(States)], new float[States], [.. Enumerable.Repeat(1f, States)])
            : StateSpec.None;

    public ActionSpec Action { get; } =
        new(
            [.. Names("a", Actions)],
            [.. Ones(Actions)],
            new float[Actions],
            [.. Enumerable.Repeat(1f, Actions)],
            Horizon,
            StepMs
        );

    public IReadOnlyList<PolicyStep> Steps { get; } = [new("act", "policy")];

    public IActorRef Start(IActorRefFactory parent, PolicyHost host) =>
        parent.ActorOf(
            host.Scheduling.Place(
                Props.Create(() => new Actor(host.Setup("act", 1), host.Observations, host.Instructions))
            )
        );

    private static IEnumerable<string> Names(string letter, int count) =>
        Enumerable.Range(1, count).Select(i => FormattableString.Invariant($"{letter}{i}"));

    private static IEnumerable<string> Ones(int count) => Enumerable.Repeat("1", count);

    private sealed class Actor(StageSetup setup, IActorRef observations, IActorRef instructions)
        : WholePolicyActor(setup, "act", observations, instructions, (long)(StepMs * 1_000_000))
    {
        protected override int Horizon => InstantPolicy.Horizon;

        protected override void Load()
        {
            // There is nothing to load.
        }

        protected override float[] Act(Observation observation, Instruction instruction) =>
            new float[Horizon * Actions];
    }
}
