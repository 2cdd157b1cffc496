using TorchSharp;
using static TorchSharp.torch;

namespace Vla.Actors.Policies.Layers;

/// <summary>A picture as a batch of its upper and its lower half, so that two threads have one each.</summary>
/// <remarks>
/// <para>
/// Torch divides every operation among its threads anew, and not always in the same way: what one core has just written
/// another one reads, and fetches it from that one's cache. Convolutions and pooling divide a batch picture by picture,
/// so a core goes on with the half it has. The notebook's encoder took a fifth less time on two cores.
/// </para>
/// <para>
/// The halves overlap. At the cut a convolution sees a border of zeros where the picture goes on; each of the rows that
/// are wrong for that lies in the part that the other half has, too, and is left out in the end.
/// </para>
/// </remarks>
internal sealed class PictureHalves
{
    private const long Channels = 3;

    // Two poolings after three convolutions of 3 × 3: a row of the result stands for four of the picture, and two rows
    // at the cut are wrong.
    private const long Scale = 4;
    private const long WrongRows = 2;
    private const long Overlap = WrongRows * Scale;

    // Lower, and there is little left of a half that is not overlap.
    private const long LowestHeight = 4 * Overlap;

    private readonly long[] _rowsOfHalf = [1];
    private readonly long[] _halves = [0];
    private long _height;
    private long _width;
    private long[] _shape = [];
    private long[] _strides = [];
    private long[] _ownShape = [];
    private long[] _ownStrides = [];

    /// <summary>Whether it is worth it: one picture on a CPU with several threads, lying channels-last, of a height that divides.</summary>
    public static bool Suit(Tensor pictures) =>
        pictures.device_type == DeviceType.CPU && is_inference_mode_enabled() && get_num_threads() > 1
        && pictures.size(0) == 1 && pictures.size(2) is >= LowestHeight and var height && height % (2 * Scale) == 0
        && pictures.stride(1) == 1 && pictures.stride(3) == Channels && pictures.stride(2) == Channels * pictures.size(3);

    /// <param name="picture">[1, 3, height, width], one that <see cref="Suit"/>s.</param>
    /// <returns>[2, 3, height / 2 + overlap, width], a view.</returns>
    public Tensor Of(Tensor picture)
    {
        if (_height != picture.size(2) || _width != picture.size(3))
        {
            (_height, _width) = (picture.size(2), picture.size(3));
            var row = _width * Channels;
            _shape = [2, Channels, _height / 2 + Overlap, _width];
            _strides = [(_height / 2 - Overlap) * row, 1, row, Channels];
        }

        return picture.as_strided(_shape, _strides);
    }

    /// <summary>The mean of the whole picture's features, from those of its halves.</summary>
    /// <param name="features">[2, channels, rows, columns] made of <see cref="Of"/>'s, channels-last and without gaps.</param>
    /// <returns>[1, channels].</returns>
    public Tensor Mean(Tensor features)
    {
        var (channels, rows, columns) = (features.size(1), features.size(2), features.size(3));
        var own = rows - WrongRows;
        if (_ownShape is not [_, var places, var c] || places != own * columns || c != channels)
        {
            // The upper half's wrong rows are its last ones, the lower half's its first.
            _ownShape = [2, own * columns, channels];
            _ownStrides = [(rows + WrongRows) * columns * channels, channels, 1];
        }

        using var kept = features.as_strided(_ownShape, _ownStrides);
        using var means = kept.mean(_rowsOfHalf);
        return means.mean(_halves, keepdim: true);
    }
}
