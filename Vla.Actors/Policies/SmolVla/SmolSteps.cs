namespace Vla.Actors.Policies.SmolVla;

/// <summary>The steps of a SmolVLA policy, as <see cref="Pipeline.Origin.Steps"/> names them.</summary>
internal static class SmolSteps
{
    /// <summary>Every camera's picture through the vision tower.</summary>
    public const string Look = "look";

    /// <summary>Pictures, words and state through the language model.</summary>
    public const string Read = "read";

    /// <summary>From chance to a chunk of actions, step by step.</summary>
    public const string Plan = "plan";

    /// <summary>All of them, in the order in which status and page show them.</summary>
    public static IReadOnlyList<PolicyStep> All { get; } =
    [
        new(Look, "vision tower") { Features = "Vision features" },
        new(Read, "language model"),
        new(Plan, "action expert"),
    ];
}
