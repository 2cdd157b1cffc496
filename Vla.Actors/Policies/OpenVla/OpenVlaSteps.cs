namespace Vla.Actors.Policies.OpenVla;

/// <summary>The steps of an OpenVLA policy, as <see cref="Pipeline.Origin.Steps"/> names them.</summary>
internal static class OpenVlaSteps
{
    /// <summary>The picture through both vision towers.</summary>
    public const string Look = "look";

    /// <summary>Picture and words through the language model, and an action's tokens after them.</summary>
    public const string Answer = "answer";

    /// <summary>All of them, in the order in which status and page show them.</summary>
    public static IReadOnlyList<PolicyStep> All { get; } =
    [new(Look, "vision towers") { Features = "Image patches" }, new(Answer, "language model")];
}
