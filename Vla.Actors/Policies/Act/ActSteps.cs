namespace Vla.Actors.Policies.Act;

/// <summary>The steps of an ACT policy, as <see cref="Pipeline.Origin.Steps"/> names them.</summary>
internal static class ActSteps
{
    /// <summary>Every camera's picture through the vision backbone.</summary>
    public const string Look = "look";

    /// <summary>Pictures and state through the transformer, to a chunk of actions.</summary>
    public const string Plan = "plan";

    /// <summary>All of them, in the order in which status and page show them.</summary>
    public static IReadOnlyList<PolicyStep> All { get; } =
    [new(Look, "vision backbone") { Features = "Vision features" }, new(Plan, "transformer")];
}
