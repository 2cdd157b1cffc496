using System.Globalization;
using Vla.Actors.Policies;
using Vla.Sensors;
using Vla.Sensors.Observations;
using Vla.Sensors.Simulation;
using Vla.Sensors.Simulation.Tasks;

namespace Vla.Runtime.Simulation;

/// <summary>Whether a policy is made for the simulated table's arm.</summary>
internal static class TabletopFit
{
    /// <summary>What the pictures of the camera at the wrist are called.</summary>
    public const string Wrist = "wrist";

    /// <summary>A control step of the world, milliseconds.</summary>
    private const double StepMs = Tabletop.QuantaPerStep * Tabletop.QuantumNs / (double)MonotonicTime.NsPerMs;

    /// <summary>What this arm calls its numbers, for a policy that has no names for them.</summary>
    public static RobotNaming Naming { get; } =
        new()
        {
            Who = "the tabletop's arm",
            ActionNames = WorldAction.Names,
            ActionUnits = WorldAction.Units,
            StateNames = Tabletop.StateNames,
            StateUnits = WorldAction.Units,
            StepMs = StepMs,
        };

    /// <exception cref="PolicyException">Its actions or its state are not this arm's.</exception>
    public static void Require(IPolicy policy)
    {
        var action = policy.Action;
        if (!action.Names.SequenceEqual(WorldAction.Names) || !action.Units.SequenceEqual(WorldAction.Units))
        {
            throw new PolicyException(
                $"{policy.Directory}: its actions are {Text(action.Names, action.Units)}; the tabletop's arm takes "
                    + $"{Text(WorldAction.Names, WorldAction.Units)}"
            );
        }

        if (action.Horizon > 1 && action.StepMs != StepMs)
        {
            throw new PolicyException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{policy.Directory}: the actions of its chunks are {action.StepMs:0.###} ms apart "
                        + $"(action.step_ms); a control step of the tabletop is {StepMs:0} ms"
                )
            );
        }

        Require(policy.State);
    }

    /// <summary>
    /// The tabletop's cameras whose pictures a policy wants, in its order: <c>front</c> and <c>wrist</c>.
    /// </summary>
    /// <exception cref="PolicyException">It wants one that the tabletop has not.</exception>
    public static IReadOnlyList<(string Name, WorldView View)> Views(IPolicy policy) =>
        [
            .. (policy.Pictures ?? [PictureNames.Unnamed]).Select(name =>
                (
                    name,
                    name switch
                    {
                        PictureNames.Unnamed => WorldView.Front,
                        Wrist => WorldView.Wrist,
                        _ => throw new PolicyException(
                            $"{policy.Directory}: wants pictures of '{name}' (images); the tabletop shows "
                                + $"{PictureNames.Unnamed} and {Wrist}"
                        ),
                    }
                )
            ),
        ];

    /// <exception cref="PolicyException">It wants to know what this arm cannot tell.</exception>
    public static void Require(StateSpec state)
    {
        var known = Tabletop.StateNames.Zip(WorldAction.Units).ToHashSet();
        if (state.Names.Zip(state.Units).All(known.Contains))
            return;
        throw new PolicyException(
            $"the policy wants the robot's state as {Text(state.Names, state.Units)}; the tabletop's arm tells "
                + $"{Text(Tabletop.StateNames, WorldAction.Units)}"
        );
    }

    /// <summary>Whether a policy can read every instruction that comes with a table.</summary>
    /// <exception cref="PolicyException">One is too long for it, or it knows no word of one.</exception>
    public static void RequireWords(IPolicy policy)
    {
        foreach (var phrase in Enum.GetValues<Phrasing>().SelectMany(TaskWords.LongestPhrases))
        {
            var words = policy.ReadWords(phrase);
            if ((words?.TooLong ?? words?.NoneKnown) is not { } problem)
                continue;
            throw new PolicyException(
                $"{policy.Directory}: cannot read the tabletop's instructions, such as \"{phrase}\": {problem}"
            );
        }
    }

    /// <summary>Words of the tabletop's instructions that a policy does not know; empty when it knows all.</summary>
    public static IReadOnlyList<string> UnknownWords(IPolicy policy, Phrasing phrasing) =>
        [.. TaskWords.Vocabulary(phrasing).Where(word => policy.ReadWords(word) is { Unknown.Count: > 0 })];

    private static string Text(IEnumerable<string> names, IEnumerable<string> units) =>
        string.Join(", ", names.Zip(units, (name, unit) => $"{name} ({unit})"));
}
