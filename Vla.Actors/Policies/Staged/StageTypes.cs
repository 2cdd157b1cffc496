using Vla.Actors.Policies.Staged.Decoding;
using Vla.Actors.Policies.Staged.Fusion;
using Vla.Actors.Policies.Staged.Language;
using Vla.Actors.Policies.Staged.Vision;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged;

/// <summary>
/// Every value of a stage's <c>type</c> in <c>config.json</c>, and how its sizes are read. Vla's own are added to the
/// list of their stage, those of other people's code here.
/// </summary>
public static class StageTypes
{
    internal const string TorchScript = "torchscript";

    internal static StageTable<Module<Tensor, Tensor>> Vision { get; } = new(VisionTypes.All);

    internal static StageTable<Module<Tensor, Tensor>> Language { get; } = new(LanguageTypes.All);

    internal static StageTable<Module<Tensor, Tensor, Tensor>> Fusion { get; } = new(FusionTypes.All);

    internal static StageTable<Module<Tensor, Tensor>> Decoder { get; } = new(DecoderTypes.All);

    /// <summary>
    /// Makes a type known to this process, for every policy that is read from then on; once more is no harm.
    /// </summary>
    /// <param name="type">
    /// An <see cref="IVisionType"/>, <see cref="ILanguageType"/>, <see cref="IFusionType"/> or
    /// <see cref="IDecoderType"/>, or several of them at once.
    /// </param>
    /// <exception cref="ArgumentException">It is none of them, or its name is none, or taken.</exception>
    public static void Add(IStageType type)
    {
        if (type is not (IVisionType or ILanguageType or IFusionType or IDecoderType))
            throw new ArgumentException(
                $"{type.GetType().Name} says of no stage that it is for it: implement {nameof(IVisionType)}, "
                    + $"{nameof(ILanguageType)}, {nameof(IFusionType)} or {nameof(IDecoderType)}"
            );
        if (type is IVisionType vision)
            Vision.Add(vision);
        if (type is ILanguageType language)
            Language.Add(language);
        if (type is IFusionType fusion)
            Fusion.Add(fusion);
        if (type is IDecoderType decoder)
            Decoder.Add(decoder);
    }

    /// <summary>Reads one stage's section.</summary>
    /// <exception cref="PolicyException">The type is not known, or a size is missing or out of range.</exception>
    internal static PolicyStage<TModule> Read<TModule>(ConfigSection section, StageTable<TModule> types)
        where TModule : Module
    {
        var type = section.Choice(
            "type",
            types.Names,
            "or a type of your own, whose library is given with --library FILE"
        );
        var create = types[type](section);
        var stochastic = type == TorchScript && (section.OptionalFlag("stochastic") ?? false);
        section.CheckUnknown();
        return new PolicyStage<TModule>(type, HasOwnWeights: type == TorchScript, create)
        {
            IsStochastic = stochastic,
            IsAdded = types.IsAdded(type),
            LeastParameters = section.LeastParameters,
        };
    }
}
