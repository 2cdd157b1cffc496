using Vla.Actors.Policies.Staged.Decoding;
using Vla.Actors.Policies.Staged.Fusion;
using Vla.Actors.Policies.Staged.Language;
using Vla.Actors.Policies.Staged.Vision;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged;

/// <summary>
/// Every value of a stage's <c>type</c> in <c>config.json</c>, and how its sizes are read. New kinds are added to the
/// list of their stage.
/// </summary>
public static class StageTypes
{
    public const string TorchScript = "torchscript";

    public static IReadOnlyDictionary<string, Func<ConfigSection, Func<Device, Module<Tensor, Tensor>>>> Vision =>
        VisionTypes.All;

    public static IReadOnlyDictionary<string, Func<ConfigSection, Func<Device, Module<Tensor, Tensor>>>> Language =>
        LanguageTypes.All;

    public static IReadOnlyDictionary<
        string,
        Func<ConfigSection, Func<Device, Module<Tensor, Tensor, Tensor>>>
    > Fusion => FusionTypes.All;

    public static IReadOnlyDictionary<string, Func<ConfigSection, Func<Device, Module<Tensor, Tensor>>>> Decoder =>
        DecoderTypes.All;

    /// <summary>Reads one stage's section.</summary>
    /// <exception cref="PolicyException">The type is not known, or a size is missing or out of range.</exception>
    public static PolicyStage<TModule> Read<TModule>(
        ConfigSection section,
        IReadOnlyDictionary<string, Func<ConfigSection, Func<Device, TModule>>> types
    )
        where TModule : Module
    {
        var type = section.Choice("type", [.. types.Keys]);
        var create = types[type](section);
        var stochastic = type == TorchScript && (section.OptionalFlag("stochastic") ?? false);
        section.CheckUnknown();
        return new PolicyStage<TModule>(type, HasOwnWeights: type == TorchScript, create)
        {
            IsStochastic = stochastic,
            LeastParameters = section.LeastParameters,
        };
    }
}
