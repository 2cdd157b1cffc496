using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Vla.Actors.Policies.Remote;

/// <summary>Trusts a server whose certificate, or whose signer's, lies in a file.</summary>
internal static class WireCertificate
{
    /// <summary>What decides on a server's certificate; null where this machine does as always.</summary>
    /// <exception cref="PolicyException">The file cannot be read, or holds no certificate.</exception>
    public static RemoteCertificateValidationCallback? Check(WireAddress address)
    {
        if (address.CertificateFile is not { } file)
            return null;
        var trusted = Read(file);
        return (_, certificate, _, errors) =>
        {
            // The name has to be right all the same.
            if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
                return false;
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(trusted);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            using var own = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
            return chain.Build(own);
        };
    }

    private static X509Certificate2Collection Read(string file)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPemFile(file);
        }
        catch (Exception e)
            when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new PolicyException($"ca '{file}' cannot be read: {e.Message}", e);
        }

        return certificates.Count > 0
            ? certificates
            : throw new PolicyException(
                $"ca '{file}' holds no certificate: it is a file of the PEM kind, with BEGIN CERTIFICATE in it"
            );
    }
}
