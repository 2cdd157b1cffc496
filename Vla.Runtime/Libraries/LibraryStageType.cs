using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Runtime.Libraries;

/// <summary>A type of stage that somebody else wrote, whose errors are the policy's, in words.</summary>
internal static class LibraryStageType
{
    /// <summary>The same type, for every stage that it is for.</summary>
    /// <exception cref="ArgumentException">It is for none, or for several.</exception>
    public static IStageType Of(IStageType type, string file)
    {
        var what = $"{type.GetType().Name} in '{file}'";
        IStageType[] found =
        [
            .. new IStageType?[]
            {
                type is IVisionType vision ? new Vision(vision, what) : null,
                type is ILanguageType language ? new Language(language, what) : null,
                type is IFusionType fusion ? new Fusion(fusion, what) : null,
                type is IDecoderType decoder ? new Decoder(decoder, what) : null,
            }.OfType<IStageType>(),
        ];
        return found switch
        {
            [var one] => one,
            [] => type, // refused with the reason where it is added
            _ => throw new ArgumentException($"{type.GetType().Name} is for several stages: make a class for each"),
        };
    }

    private sealed class Vision(IVisionType type, string what)
        : Checked<Module<Tensor, Tensor>>(type, what),
            IVisionType;

    private sealed class Language(ILanguageType type, string what)
        : Checked<Module<Tensor, Tensor>>(type, what),
            ILanguageType;

    private sealed class Fusion(IFusionType type, string what)
        : Checked<Module<Tensor, Tensor, Tensor>>(type, what),
            IFusionType;

    private sealed class Decoder(IDecoderType type, string what)
        : Checked<Module<Tensor, Tensor>>(type, what),
            IDecoderType;

    private abstract class Checked<TModule>(IStageType<TModule> type, string what) : IStageType<TModule>
        where TModule : Module
    {
        private readonly Type _type = type.GetType();

        public string Name { get; } = type.Name;

        // Two that were made of one class are one type.
        public override bool Equals(object? other) => other is Checked<TModule> same && same._type == _type;

        public override int GetHashCode() => _type.GetHashCode();

        public Func<Device, TModule> Read(ConfigSection settings)
        {
            var make = LibraryPolicy.Asked(
                what,
                "cannot read its settings",
                () => type.Read(settings) ?? throw new InvalidDataException("its Read gives nothing (null)")
            );
            return device =>
                LibraryPolicy.Asked(
                    what,
                    "cannot make its module",
                    () => make(device) ?? throw new InvalidDataException("it gives nothing (null)")
                );
        }
    }
}
