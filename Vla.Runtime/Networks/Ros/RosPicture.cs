using System.Buffers.Text;
using System.Text.Json;
using OpenCvSharp;
using Vla.Sensors.Cameras.Streams;
using Vla.Sensors.Text;

namespace Vla.Runtime.Networks.Ros;

/// <summary>Reads <c>sensor_msgs/Image</c> and <c>CompressedImage</c>. Reuses its memory: for one thread.</summary>
internal sealed class RosPicture
{
    private const int LargestSide = 16_384;

    private byte[] _data = [];
    private int _length;

    /// <summary>Reads a message into a picture: compressed as it is, pixels as blue, green, red.</summary>
    /// <param name="message">At its beginning.</param>
    /// <param name="type">Which of the two.</param>
    /// <param name="into">Filled where nothing is wrong.</param>
    /// <param name="stampNs">Its stamp; null for none.</param>
    /// <returns>What is wrong with it, behind "a picture"; null when nothing is.</returns>
    public string? Read(Utf8JsonReader message, RosType type, ReceivedPicture into, out long? stampNs)
    {
        stampNs = null;
        var (width, height, step, encoding) = (0, 0, 0, "");
        _length = -1;
        try
        {
            while (message.Read() && message.TokenType == JsonTokenType.PropertyName)
            {
                if (message.ValueTextEquals("header"u8))
                    stampNs = RosHeader.Stamp(ref message);
                else if (message.ValueTextEquals("width"u8))
                    width = Whole(ref message);
                else if (message.ValueTextEquals("height"u8))
                    height = Whole(ref message);
                else if (message.ValueTextEquals("step"u8))
                    step = Whole(ref message);
                else if (message.ValueTextEquals("encoding"u8))
                    encoding = Text(ref message);
                else if (message.ValueTextEquals("data"u8))
                    ReadData(ref message);
                else
                    message.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return $"that is no JSON: {OneLine.Of(e.Message, 120)}";
        }

        if (_length < 0)
            return "whose data is neither base64 nor a list of bytes";
        if (type == RosType.CompressedImage)
        {
            (into.PixelWidth, into.PixelHeight) = (0, 0);
            _data.AsSpan(0, _length).CopyTo(into.Write(_length));
            return null;
        }

        if (width is < 1 or > LargestSide || height is < 1 or > LargestSide)
            return $"of {width}x{height} pixels";
        if (PixelBytes(encoding) is not { } bytes)
            return $"with the encoding '{OneLine.Of(encoding, 40)}': known are {string.Join(", ", Encodings)}";
        step = step == 0 ? width * bytes : step;
        if (step < width * bytes || (long)step * height > _length)
            return $"of {width}x{height} pixels ({encoding}) with {_length} bytes of data, {step} in a row";
        (into.PixelWidth, into.PixelHeight, into.Size) = (width, height, (width, height));
        ToPixels(into.Write(width * height * 3), width, height, step, encoding);
        return null;
    }

    /// <summary>Puts pixels that were read into a picture.</summary>
    public static void Copy(ReceivedPicture from, Mat to)
    {
        to.Create(from.PixelHeight, from.PixelWidth, MatType.CV_8UC3);
        unsafe
        {
            from.Bytes.CopyTo(new Span<byte>(to.DataPointer, from.Length));
        }
    }

    private static readonly string[] Encodings = ["rgb8", "bgr8", "rgba8", "bgra8", "mono8", "8UC1", "8UC3", "8UC4"];

    private static int? PixelBytes(string encoding) =>
        encoding switch
        {
            "rgb8" or "bgr8" or "8UC3" => 3,
            "rgba8" or "bgra8" or "8UC4" => 4,
            "mono8" or "8UC1" => 1,
            _ => null,
        };

    private void ToPixels(Span<byte> to, int width, int height, int step, string encoding)
    {
        var bytes = PixelBytes(encoding)!.Value;
        // Where blue, green and red lie in a pixel.
        var (blue, green, red) = encoding switch
        {
            "rgb8" or "rgba8" => (2, 1, 0),
            "mono8" or "8UC1" => (0, 0, 0),
            _ => (0, 1, 2),
        };
        var at = 0;
        for (var row = 0; row < height; row++)
        {
            var line = _data.AsSpan(row * step, width * bytes);
            if ((blue, bytes) == (0, 3))
            {
                line.CopyTo(to[at..]);
                at += line.Length;
                continue;
            }

            for (var i = 0; i < line.Length; i += bytes)
            {
                to[at] = line[i + blue];
                to[at + 1] = line[i + green];
                to[at + 2] = line[i + red];
                at += 3;
            }
        }
    }

    private void ReadData(ref Utf8JsonReader message)
    {
        message.Read();
        if (message.TokenType == JsonTokenType.String && !message.ValueIsEscaped)
        {
            var text = message.ValueSpan;
            Require(Base64.GetMaxDecodedFromUtf8Length(text.Length));
            var status = Base64.DecodeFromUtf8(text, _data, out _, out var length);
            _length = status == System.Buffers.OperationStatus.Done ? length : -1;
        }
        else if (message.TokenType == JsonTokenType.String)
        {
            // Base64 has slashes, which some escape.
            _length = message.TryGetBytesFromBase64(out var bytes) ? bytes.Length : -1;
            _data = bytes ?? _data;
        }
        else if (message.TokenType == JsonTokenType.StartArray)
        {
            _length = 0;
            var isGood = true;
            while (message.Read() && message.TokenType != JsonTokenType.EndArray)
            {
                if (message.TokenType != JsonTokenType.Number || !message.TryGetByte(out var value))
                {
                    isGood = false;
                    message.Skip();
                    continue;
                }

                Require(_length + 1);
                _data[_length++] = value;
            }

            _length = isGood ? _length : -1;
        }
        else
        {
            message.Skip();
        }
    }

    private void Require(int length)
    {
        if (_data.Length < length)
            Array.Resize(ref _data, Math.Max(length, _data.Length * 2));
    }

    private static int Whole(ref Utf8JsonReader message)
    {
        message.Read();
        if (message.TokenType == JsonTokenType.Number && message.TryGetInt32(out var number))
            return number;
        message.Skip();
        return -1;
    }

    private static string Text(ref Utf8JsonReader message)
    {
        message.Read();
        if (message.TokenType == JsonTokenType.String)
            return message.GetString()!;
        message.Skip();
        return "";
    }
}
