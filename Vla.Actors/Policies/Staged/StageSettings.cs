using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged;

/// <summary>Settings that several stage types share: keys, ranges and what they are when left out.</summary>
internal static class StageSettings
{
    private const int MaximumSize = 65_536;
    private const int MaximumLayers = 128;

    public static int Size(this ConfigSection section, string key) => section.Integer(key, 1, MaximumSize);

    /// <summary><c>vocab_size</c>.</summary>
    public static int Vocabulary(this ConfigSection section) => section.Integer("vocab_size", 1, 1_000_000);

    public static int Layers(this ConfigSection section) => section.Integer("layers", 1, MaximumLayers);

    /// <summary><c>dim</c> and <c>heads</c>, which divides it.</summary>
    public static (int Dim, int Heads) DimAndHeads(this ConfigSection section)
    {
        var dim = section.Size("dim");
        var heads = section.Integer("heads", 1, 256);
        return dim % heads == 0 ? (dim, heads) : throw section.Wrong("heads", $"{heads}", $"a divisor of dim, {dim}");
    }

    /// <summary><c>pooled</c>: one vector instead of tokens; tokens when it is left out.</summary>
    public static bool Pooled(this ConfigSection section) => section.OptionalFlag("pooled") ?? false;

    /// <summary><c>dropout</c>: share dropped in training.</summary>
    public static double Dropout(this ConfigSection section, double ifMissing) =>
        section.OptionalNumber("dropout", 0, 0.9, ifMissing);

    /// <summary>
    /// Notes that these sizes ask for so many parameters at least, so that nobody makes them for weights that are not
    /// there.
    /// </summary>
    /// <param name="section">The stage's.</param>
    /// <param name="parameters">The largest layers'; a few forgotten do no harm, one too many would.</param>
    public static void AtLeast(this ConfigSection section, Int128 parameters) =>
        section.LeastParameters = (long)Int128.Min(parameters, long.MaxValue);

    public static Func<Device, Module<Tensor, Tensor>> TorchScriptStage(ConfigSection section)
    {
        var file = section.TorchScriptFile();
        return device => new TorchScriptStage(file, device);
    }

    /// <summary><c>file</c>, inside the policy's directory.</summary>
    public static string TorchScriptFile(this ConfigSection section)
    {
        const int maximumLength = 255;
        return section.InDirectory("file", section.Text("file", maximumLength));
    }
}
