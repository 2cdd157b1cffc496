using Vla.Actors.Policies.Rt1.Modules;

namespace Vla.Actors.Policies.Rt1;

/// <summary>RT-1, from weights that were brought over from TensorFlow.</summary>
/// <remarks>
/// A library with a family of its own that derives from this one brings another encoder of instructions than the table
/// beside the weights.
/// </remarks>
public class Rt1Family : IPolicyFamily
{
    /// <inheritdoc/>
    public virtual string Name => "RT-1";

    /// <inheritdoc/>
    public virtual bool Takes(PolicyKind config) =>
        config is { Format: PolicyFormat.Transformers, Type: Rt1Config.Type };

    /// <inheritdoc/>
    public IPolicy Load(string directory, Precision? precision) =>
        Rt1Policy.Load(directory, config => EncoderOf(directory, config.ContextSize));

    /// <summary>What makes vectors of instructions.</summary>
    /// <param name="directory">The policy's.</param>
    /// <param name="size">Numbers of a vector.</param>
    protected virtual ISentenceEncoder EncoderOf(string directory, int size) => InstructionTable.Read(directory, size);
}
