using Vla.Sensors.Observations;
using static TorchSharp.torch;

namespace Vla.Actors.Pipeline;

// Everything the actors say to each other, in the order in which it flows. Tensors flow right, demand flows left.
// A message that implements IDisposable hands over what it holds: its receiver disposes it, and so does whoever finds
// that it was never received (a dead letter, a replaced message).

/// <summary>
/// Demand, said to the upstream neighbour by whoever wants its next result; the answer goes to the sender, once.
/// </summary>
/// <remarks>
/// Demand is a flag, not a count: saying it again changes nothing, so after any failure it is just said again.
/// </remarks>
/// <param name="Ahead">
/// True when more will be wanted right after this one, so a stage asks for its next input when it begins work (stages
/// overlap); false when one result is wanted and nothing should run ahead and grow old.
/// </param>
public sealed record Ready(bool Ahead)
{
    /// <summary>One result is wanted, and another right after it.</summary>
    public static Ready Continuous { get; } = new(true);

    /// <summary>One result is wanted, and none after it.</summary>
    public static Ready Once { get; } = new(false);
}

/// <summary>Observations → policy: what is perceived, as new as it can be had.</summary>
public sealed record ObservationCaptured(Observation Observation) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Observation.Dispose();
}

/// <summary>Anyone → instruction actor: do this from now on.</summary>
/// <param name="Text">Checked by <see cref="Instructions.InstructionText"/>; the answer says how that went.</param>
public sealed record GiveInstruction(string Text);

/// <summary>Instruction → whoever gave it: not taken; the last good one stays in force.</summary>
/// <param name="Problem">Why, with the mend.</param>
public sealed record InstructionRefused(string Problem)
{
    /// <summary>Words that the policy's vocabulary lacks, where that is why; otherwise empty.</summary>
    public IReadOnlyList<string> UnknownWords { get; init; } = [];
}

/// <summary>
/// Instruction → whoever gave it: the words meant stop, and the control loop was told; no new instruction is in force.
/// </summary>
public sealed record InstructionStopped;

/// <summary>Demand on the language side: an instruction newer than the one the asker has.</summary>
/// <remarks>
/// Said by fusion to the language encoder and passed on to the instruction actor; saying it again is harmless.
/// </remarks>
/// <param name="After">Number of the newest instruction that the asker has; 0 for none.</param>
public sealed record InstructionWanted(long After);

/// <summary>Instruction → language encoder, and → whoever gave it: the instruction now in force.</summary>
public sealed record InstructionChanged(Instruction Instruction)
{
    /// <summary>What else the giver should know of these words; empty for nothing.</summary>
    public string Note { get; init; } = "";
}

/// <summary>An instruction in plain words.</summary>
/// <param name="Number">Counts instructions from 1.</param>
/// <param name="Text">1 to 1,000 characters.</param>
/// <param name="GivenNs">When it was given, monotonic nanoseconds.</param>
public sealed record Instruction(long Number, string Text, long GivenNs)
{
    /// <summary>Words that the policy's vocabulary lacks: to the policy they are all the same.</summary>
    public IReadOnlyList<string> UnknownWords { get; init; } = [];
}

/// <summary>A result that holds something and can all the same be given to several: each disposes its own.</summary>
public interface ISharedResult : IDisposable
{
    /// <summary>The same result once more, to be disposed by itself.</summary>
    ISharedResult ForAnother();
}

/// <summary>Vision encoder → fusion: features of one picture, [1, …] as the policy's encoder gives them.</summary>
public sealed record VisionEncoded(Tensor Features, Origin Origin) : ISharedResult
{
    /// <inheritdoc/>
    public ISharedResult ForAnother() => this with { Features = Features.alias().DetachFromDisposeScope() };

    /// <summary>The robot's state as of the picture's moment; null when it is not known.</summary>
    public RobotReading? State { get; init; }

    /// <inheritdoc/>
    public void Dispose() => Features.Dispose();
}

/// <summary>Language encoder → fusion: features of the instruction in force, [1, …]; fusion keeps them.</summary>
public sealed record LanguageEncoded(Tensor Features, Instruction Instruction) : IDisposable
{
    /// <summary>When the features were computed; earlier than this message where they are handed over again.</summary>
    public StepTrail Steps { get; init; }

    /// <inheritdoc/>
    public void Dispose() => Features.Dispose();
}

/// <summary>Fusion → action decoder: fused features, [1, …].</summary>
public sealed record FeaturesFused(Tensor Features, Origin Origin) : ISharedResult
{
    /// <inheritdoc/>
    public ISharedResult ForAnother() => this with { Features = Features.alias().DetachFromDisposeScope() };

    /// <inheritdoc/>
    public void Dispose() => Features.Dispose();
}

/// <summary>Action decoder → publisher: the next actions.</summary>
public sealed record ActionDecoded(ActionChunk Chunk);
