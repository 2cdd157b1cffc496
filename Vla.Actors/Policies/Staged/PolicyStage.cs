using static TorchSharp.torch;

namespace Vla.Actors.Policies.Staged;

/// <summary>One stage as <c>config.json</c> describes it, ready to be made.</summary>
/// <typeparam name="TModule">The Torch module's type, which says what goes in and comes out.</typeparam>
/// <param name="Type">The stage's <c>type</c> in the file.</param>
/// <param name="HasOwnWeights">True when the module brings its weights; false when model.safetensors holds
/// them.</param>
/// <param name="Create">Makes the module; weights of its own go to the device at once.</param>
internal sealed record PolicyStage<TModule>(string Type, bool HasOwnWeights, Func<Device, TModule> Create)
    where TModule : nn.Module
{
    /// <summary>True when chance is a part of the stage: the same input may bring another result.</summary>
    public bool IsStochastic { get; init; }

    /// <summary>True when somebody else's code makes it, which may fail in any way.</summary>
    public bool IsAdded { get; init; }

    /// <summary>So many parameters at least its sizes ask for; 0 when that is not known.</summary>
    public long LeastParameters { get; init; }
}
