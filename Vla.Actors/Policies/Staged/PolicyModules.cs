using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged;

/// <summary>
/// How the four stages' modules are made, each on the thread that runs it and anew after every restart.
/// </summary>
/// <remarks>
/// The seam between a policy and the stages: a stand-in takes a module's place, or stands around it, while actors,
/// threads and messages stay the real ones.
/// </remarks>
/// <param name="Vision">[batch, 3, height, width], of several pictures [batch, cameras × 3, height, width] → vision
/// features.</param>
/// <param name="Language">[batch, sequence] int64 → language features.</param>
/// <param name="Fusion">vision features, language features → fused features.</param>
/// <param name="Decoder">fused features → normalised actions, [batch, dimensions] or [batch, horizon,
/// dimensions].</param>
internal sealed record PolicyModules(
    Func<Module<Tensor, Tensor>> Vision,
    Func<Module<Tensor, Tensor>> Language,
    Func<Module<Tensor, Tensor, Tensor>> Fusion,
    Func<Module<Tensor, Tensor>> Decoder
)
{
    /// <summary>
    /// Times that a module works before its first input: the first allocates, compiles and measures, the second shows
    /// that it is done.
    /// </summary>
    private const int WarmUps = 2;

    /// <summary>A policy's own modules on a device, warm: the first picture takes no longer than the next.</summary>
    public static PolicyModules Of(StagedPolicy policy, Device device)
    {
        if (policy.Shapes is not { } shapes)
        {
            return new PolicyModules(
                () => policy.CreateVisionEncoder(device),
                () => policy.CreateLanguageEncoder(device),
                () => policy.CreateFusion(device),
                () => policy.CreateActionDecoder(device)
            );
        }

        var (image, words) = (policy.Image, policy.SequenceLength);
        return new PolicyModules(
            () =>
                Warm(
                    policy.CreateVisionEncoder(device),
                    module => module.call(zeros(1, policy.Channels, image.Height, image.Width, device: device))
                ),
            () =>
                Warm(
                    policy.CreateLanguageEncoder(device),
                    module => module.call(zeros(1, words, dtype: ScalarType.Int64, device: device))
                ),
            () =>
                Warm(
                    policy.CreateFusion(device),
                    module => module.call(zeros(shapes.Vision, device: device), zeros(shapes.Language, device: device))
                ),
            () => Warm(policy.CreateActionDecoder(device), module => module.call(zeros(shapes.Fused, device: device)))
        );
    }

    /// <summary>Has a new module work before it is handed over.</summary>
    internal static TModule Warm<TModule>(TModule module, Func<TModule, Tensor> work)
        where TModule : Module
    {
        try
        {
            using var scope = NewDisposeScope();
            using var guard = inference_mode();
            for (var i = 0; i < WarmUps; i++)
                work(module);
            return module;
        }
        catch
        {
            module.Dispose();
            throw;
        }
    }
}
