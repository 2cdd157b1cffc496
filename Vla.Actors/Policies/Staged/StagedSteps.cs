namespace Vla.Actors.Policies.Staged;

/// <summary>The steps of a staged policy, as <see cref="Pipeline.Origin.Steps"/> names them.</summary>
internal static class StagedSteps
{
    /// <summary>The vision encoder.</summary>
    public const string Encode = "encode";

    /// <summary>Joining what is seen with what is wanted.</summary>
    public const string Fuse = "fuse";

    /// <summary>The action decoder.</summary>
    public const string Decode = "decode";

    /// <summary>The language encoder, once for each instruction.</summary>
    public const string EncodeInstruction = "encode_instruction";

    /// <summary>All of them, in the order in which status and page show them.</summary>
    public static IReadOnlyList<PolicyStep> All { get; } =
    [
        new(Encode, "vision encoder") { Features = "Vision features" },
        new(EncodeInstruction, "language encoder") { IsForInstruction = true, Features = "Language features" },
        new(Fuse, "fusion") { Features = "Fused features" },
        new(Decode, "action decoder"),
    ];
}
