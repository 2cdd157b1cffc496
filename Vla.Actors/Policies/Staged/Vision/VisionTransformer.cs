using TorchSharp.Modules;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Layers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged.Vision;

/// <summary>
/// Vision Transformer ("An Image is Worth 16x16 Words", arXiv:2010.11929) with timm's parameter names.
/// </summary>
/// <remarks>Checkpoints of timm's <c>vit_*_patch*</c> models load; their classifier <c>head</c> is left out.</remarks>
internal sealed class VisionTransformer : Module<Tensor, Tensor>, IIgnoresWeights
{
    private const double Epsilon = 1e-6;

    private readonly PatchEmbed patch_embed;
    private readonly Parameter cls_token;
    private readonly Parameter pos_embed;
    private readonly ModuleList<Block> blocks;
    private readonly LayerNorm norm;
    private readonly long _imageSize;
    private readonly bool _pooled;

    /// <param name="imageSize">Height and width of the pictures, a multiple of <paramref name="patchSize"/>.</param>
    /// <param name="patchSize">Height and width of a patch.</param>
    /// <param name="dim">Size of a token, a multiple of <paramref name="heads"/>.</param>
    /// <param name="depth">Blocks.</param>
    /// <param name="heads">Heads.</param>
    /// <param name="pooled">The class token instead of the patches' tokens.</param>
    /// <param name="dropout">Share dropped in training, from what each half of a block adds.</param>
    public VisionTransformer(
        long imageSize = 224,
        long patchSize = 16,
        long dim = 768,
        long depth = 12,
        long heads = 12,
        bool pooled = false,
        double dropout = 0
    )
        : base(nameof(VisionTransformer))
    {
        (_imageSize, _pooled) = (imageSize, pooled);
        var patches = imageSize / patchSize * (imageSize / patchSize);
        patch_embed = new PatchEmbed(patchSize, dim);
        cls_token = InitialWeights.Normal(1, 1, dim);
        pos_embed = InitialWeights.Normal(1, patches + 1, dim);
        blocks = new ModuleList<Block>([
            .. Enumerable.Range(0, (int)depth).Select(_ => new Block(dim, heads, dropout)),
        ]);
        norm = LayerNorm(dim, Epsilon);
        RegisterComponents();
    }

    public bool Ignores(string name) => name is "head.weight" or "head.bias";

    /// <param name="x">Pictures [batch, 3, imageSize, imageSize].</param>
    /// <returns>Tokens [batch, patches, dim], row by row; pooled: [batch, dim].</returns>
    public override Tensor forward(Tensor x)
    {
        if (x.shape[2] != _imageSize || x.shape[3] != _imageSize)
            throw new ArgumentException(
                $"the picture has {x.shape[2]} × {x.shape[3]} pixels, image_size says {_imageSize} × {_imageSize}"
            );
        using var scope = NewDisposeScope();
        var patches = patch_embed.call(x);
        var tokens = cat([cls_token.expand(x.shape[0], -1, -1), patches], 1) + pos_embed;
        foreach (var block in blocks)
            tokens = block.call(tokens);
        tokens = norm.call(tokens);
        return (_pooled ? tokens.select(1, 0) : tokens.narrow(1, 1, tokens.shape[1] - 1)).MoveToOuterDisposeScope();
    }

    /// <summary>Cuts the picture into patches and projects each: a convolution that never overlaps.</summary>
    private sealed class PatchEmbed : Module<Tensor, Tensor>
    {
        private readonly Conv2d proj;

        public PatchEmbed(long patchSize, long dim)
            : base(nameof(PatchEmbed))
        {
            proj = ConvolutionLayers.ChannelsLast(Conv2d(3, dim, patchSize, stride: patchSize));
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            return ConvolutionLayers.ToTokens(proj.call(x)).MoveToOuterDisposeScope();
        }
    }

    /// <summary>The encoder's layer (figure 1 of the paper, right).</summary>
    private sealed class Block : Module<Tensor, Tensor>
    {
        private readonly LayerNorm norm1;
        private readonly SelfAttention attn;
        private readonly LayerNorm norm2;
        private readonly Mlp mlp;
        private readonly Dropout dropout;

        public Block(long dim, long heads, double dropoutShare)
            : base(nameof(Block))
        {
            norm1 = LayerNorm(dim, Epsilon);
            attn = new SelfAttention(dim, heads);
            norm2 = LayerNorm(dim, Epsilon);
            mlp = new Mlp(dim);
            dropout = Dropout(dropoutShare);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            x = x + dropout.call(attn.call(norm1.call(x)));
            return (x + dropout.call(mlp.call(norm2.call(x)))).MoveToOuterDisposeScope();
        }
    }

    private sealed class SelfAttention : Module<Tensor, Tensor>
    {
        private readonly Linear qkv;
        private readonly Linear proj;
        private readonly long _heads;

        public SelfAttention(long dim, long heads)
            : base(nameof(SelfAttention))
        {
            _heads = heads;
            qkv = Linear(dim, 3 * dim);
            proj = Linear(dim, dim);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var parts = qkv.call(x).chunk(3, 2);
            return proj.call(Attention.Attend(parts[0], parts[1], parts[2], _heads)).MoveToOuterDisposeScope();
        }
    }

    private sealed class Mlp : Module<Tensor, Tensor>
    {
        private readonly Linear fc1;
        private readonly Linear fc2;

        public Mlp(long dim)
            : base(nameof(Mlp))
        {
            fc1 = Linear(dim, 4 * dim);
            fc2 = Linear(4 * dim, dim);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            return fc2.call(functional.gelu(fc1.call(x))).MoveToOuterDisposeScope();
        }
    }
}
