using Vla.Actors.Policies.Staged.Fusion;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged;

/// <summary>The notebook's whole model (section 2.5): four stages in a row.</summary>
/// <remarks>
/// The pipeline runs the stages each on its own thread; this is for looking at a model and trying it at one go.
/// </remarks>
public sealed class SimpleVLA : Module<Tensor, Tensor, Tensor>
{
    private readonly Module<Tensor, Tensor> vision_encoder;
    private readonly Module<Tensor, Tensor> language_encoder;
    private readonly Module<Tensor, Tensor, Tensor> fusion;
    private readonly Module<Tensor, Tensor> action_decoder;

    /// <summary>The notebook's sizes.</summary>
    /// <param name="vocabSize">Tokens in the vocabulary.</param>
    /// <param name="actionDim">Dimensions of the action.</param>
    public SimpleVLA(long vocabSize = 1_000, long actionDim = 7)
        : this(
            new VisionEncoder(),
            new LanguageEncoder(vocabSize),
            new FusionLayer(),
            new ActionDecoder(128, actionDim)
        ) { }

    /// <summary>Any four stages that fit together; owned by this module from now on.</summary>
    public SimpleVLA(
        Module<Tensor, Tensor> vision,
        Module<Tensor, Tensor> language,
        Module<Tensor, Tensor, Tensor> fusion,
        Module<Tensor, Tensor> decoder
    )
        : base(nameof(SimpleVLA))
    {
        vision_encoder = vision;
        language_encoder = language;
        this.fusion = fusion;
        action_decoder = decoder;
        RegisterComponents();
    }

    /// <param name="image">Pictures [batch, 3, height, width].</param>
    /// <param name="text">Token ids [batch, sequence], int64.</param>
    /// <returns>Normalised action, [batch, dimensions] or [batch, horizon, dimensions].</returns>
    public override Tensor forward(Tensor image, Tensor text) => Features(image, text).Action;

    /// <summary>
    /// What each stage gives for the same input (notebook, section 6); the four tensors are the caller's.
    /// </summary>
    /// <param name="image">Pictures [batch, 3, height, width].</param>
    /// <param name="text">Token ids [batch, sequence], int64.</param>
    /// <param name="state">Normalised robot state [batch, dimensions] for a fusion that takes it; null when it is not
    /// known.</param>
    public (Tensor Vision, Tensor Language, Tensor Fused, Tensor Action) Features(
        Tensor image,
        Tensor text,
        Tensor? state = null
    )
    {
        WorkStep.Begin(PolicyConfig.VisionKey);
        var vision = vision_encoder.call(image);
        WorkStep.Begin(PolicyConfig.LanguageKey);
        var language = language_encoder.call(text);
        WorkStep.Begin(PolicyConfig.FusionKey);
        var fused = fusion.Fuse(vision, language, state);
        WorkStep.Begin(PolicyConfig.DecoderKey);
        return (vision, language, fused, action_decoder.call(fused));
    }
}
