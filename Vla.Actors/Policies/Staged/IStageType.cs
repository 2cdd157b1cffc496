using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged;

/// <summary>A type of stage that a <c>config.json</c> can name, brought by somebody's own code.</summary>
/// <remarks>
/// Implement <see cref="IVisionType"/>, <see cref="ILanguageType"/>, <see cref="IFusionType"/> or
/// <see cref="IDecoderType"/>; <c>--library FILE</c>, or <see cref="StageTypes.Add"/>, makes it known. A policy's
/// directory never brings one.
/// </remarks>
public interface IStageType
{
    /// <summary>
    /// The value of <c>type</c> in <c>config.json</c>: 1 to 64 small letters, digits and <c>_</c>, none of Vla's own.
    /// </summary>
    string Name { get; }
}

/// <summary>A type of stage, and what it makes.</summary>
/// <typeparam name="TModule">The Torch module's type, which says what goes in and comes out.</typeparam>
public interface IStageType<out TModule> : IStageType
    where TModule : Module
{
    /// <summary>Reads the stage's section of <c>config.json</c>, every key that it may have.</summary>
    /// <param name="settings">A key that is not asked for is an error, said by whoever called.</param>
    /// <returns>
    /// Makes the module, as often as it is needed, on the thread that will run it; its weights are then read from
    /// <c>model.safetensors</c>, below the stage's name.
    /// </returns>
    /// <exception cref="PolicyException">
    /// A value is wrong (<see cref="ConfigSection.Wrong(string, string, string)"/>).
    /// </exception>
    Func<Device, TModule> Read(ConfigSection settings);
}

/// <summary>
/// A vision encoder: [batch, 3, height, width] → tokens [batch, count, dim], or one vector [batch, dim].
/// </summary>
public interface IVisionType : IStageType<Module<Tensor, Tensor>>;

/// <summary>A language encoder: token ids [batch, sequence], int64 → tokens or one vector.</summary>
public interface ILanguageType : IStageType<Module<Tensor, Tensor>>;

/// <summary>
/// A fusion: vision features, language features → tokens or one vector. One that takes the robot's state makes a
/// <see cref="Fusion.StateFusion"/>.
/// </summary>
public interface IFusionType : IStageType<Module<Tensor, Tensor, Tensor>>;

/// <summary>
/// An action decoder: fused features → normalised actions, [batch, dimensions] or [batch, horizon, dimensions].
/// </summary>
public interface IDecoderType : IStageType<Module<Tensor, Tensor>>;
