using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies;

/// <summary>How the four stages' modules are made, each on the thread that runs it and anew after every restart.</summary>
/// <remarks>
/// The seam between a policy and the stages: a stand-in takes a module's place, or stands around it, while actors,
/// threads and messages stay the real ones.
/// </remarks>
/// <param name="Vision">[batch, 3, height, width] → vision features.</param>
/// <param name="Language">[batch, sequence] int64 → language features.</param>
/// <param name="Fusion">vision features, language features → fused features.</param>
/// <param name="Decoder">fused features → normalised actions, [batch, dimensions] or [batch, horizon, dimensions].</param>
public sealed record PolicyModules(
    Func<Module<Tensor, Tensor>> Vision, Func<Module<Tensor, Tensor>> Language, Func<Module<Tensor, Tensor, Tensor>> Fusion,
    Func<Module<Tensor, Tensor>> Decoder)
{
    /// <summary>A policy's own modules on a device.</summary>
    public static PolicyModules Of(Policy policy, Device device) => new(
        () => policy.CreateVisionEncoder(device), () => policy.CreateLanguageEncoder(device), () => policy.CreateFusion(device),
        () => policy.CreateActionDecoder(device));
}
