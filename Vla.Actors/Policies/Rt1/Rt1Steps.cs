namespace Vla.Actors.Policies.Rt1;

/// <summary>The steps of an RT-1 policy, as <see cref="Pipeline.Origin.Steps"/> names them.</summary>
internal static class Rt1Steps
{
    /// <summary>The picture, tuned by the words, to a few tokens.</summary>
    public const string Look = "look";

    /// <summary>The tokens of the last few pictures to an action.</summary>
    public const string Decide = "decide";

    /// <summary>All of them, in the order in which status and page show them.</summary>
    public static IReadOnlyList<PolicyStep> All { get; } =
    [new(Look, "image tokenizer") { Features = "Image tokens" }, new(Decide, "transformer")];
}
